"""Every limit of the contract and of the AWS services it meets: value, unit, source."""

# --- The contract (docs/contract.md) ---
EVENT_MAX_BYTES = 1_000_000  # leaves the envelope room below Firehose's record limit
BODY_MAX_BYTES = 4 * 1024 * 1024  # grows 1.33-fold as base64 and must stay below LAMBDA_PAYLOAD_MAX_BYTES
EVENTS_MAX = 500  # one PutRecords call, even when nothing is packed
DEPTH_MAX = 64  # nesting of one event; readers' parsers start to refuse at 100
TYPE_MAX_CHARS = 256  # the type is repeated in the envelope
ERRORS_PER_EVENT_MAX = 20
POINTER_MAX_CHARS = 250
ANSWER_MAX_BYTES = 5 * 1024 * 1024  # of a body quoted once more, below LAMBDA_PAYLOAD_MAX_BYTES
IDEMPOTENCY_KEY_MAX_CHARS = 200  # leaves "/<index>" room in a partition key

# --- API Gateway. Source: quotas for REST APIs ---
GATEWAY_BODY_MAX_BYTES = 10 * 1024 * 1024
GATEWAY_TIMEOUT_S = 29.0

# --- Lambda. Source: Lambda quotas, synchronous payload ---
LAMBDA_PAYLOAD_MAX_BYTES = 6 * 1024 * 1024

# --- Kinesis Data Streams. Source: PutRecords API reference ---
KINESIS_RECORDS_MAX = 500
KINESIS_CALL_MAX_BYTES = 5 * 1024 * 1024  # the older of two documented values; every account has it
KINESIS_RECORD_MAX_BYTES = 1024 * 1024  # data and partition key together
PARTITION_KEY_MAX_CHARS = 256

# --- Data Firehose. Source: PutRecordBatch API reference ---
FIREHOSE_RECORDS_MAX = 500
FIREHOSE_CALL_MAX_BYTES = 4 * 1024 * 1024
FIREHOSE_RECORD_MAX_BYTES = 1_024_000  # before base64

# --- The transform: what it holds at a time, so that its memory does not grow with the batch ---
SLICE_BYTES = FIREHOSE_CALL_MAX_BYTES  # of curated and quarantined lines: one full call
SLICE_LINES = 10_000

# --- Cost: Kinesis bills 25 KB steps, Firehose 5 KB steps; this is a whole number of both ---
PACK_BYTES = 25 * 1024
