"""The event that Lambda hands to a function for a batch of Kinesis records, and what its return value says.

Decides the event's shape, what a record weighs in it, and which record the function reported as the first
failed one. Never decides which records belong together.

Source: Lambda developer guide, "Using Lambda with Kinesis", example event; "Configuring partial batch
response with Kinesis Data Streams and Lambda", success and failure conditions.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from headgate.local.event_source.mapping import EventSourceMapping
from headgate.records import Record

# Source: Lambda quotas, synchronous invocation payload, 6 MB; the whole event counts, with its base64.
PAYLOAD_BYTES = 6 * 1024 * 1024
# What stands around the records.
ENVELOPE_BYTES = len(b'{"Records":[]}')


def lambda_event(mapping: EventSourceMapping, shard_id: str, records: Iterable[Record]) -> dict[str, Any]:
    """Build the event of one invocation."""
    return {"Records": [_event_record(mapping, shard_id, record) for record in records]}


def overhead_bytes(mapping: EventSourceMapping, shard_id: str) -> int:
    """Return what every record of a shard costs in the event's JSON besides its own data, key and number."""
    empty = _event_record(mapping, shard_id, Record("", "", b"", 1_700_000_000.123))
    # Plus the comma behind it, less the key's quotes, which count with the key.
    return len(orjson.dumps(empty)) + len(",") - len('""')


def record_bytes(record: Record, overhead: int) -> int:
    """Return what a record weighs in the event's JSON, never less than it really does."""
    base64_bytes = 4 * -(-len(record.data) // 3)
    # The sequence number stands in the event twice: alone and in eventID.
    return overhead + base64_bytes + len(orjson.dumps(record.partition_key)) + 2 * len(record.sequence_number)


def _event_record(mapping: EventSourceMapping, shard_id: str, record: Record) -> dict[str, Any]:
    # A record that was put without a partition key has no member for it. Source: Kinesis, Record.
    key = {} if record.partition_key is None else {"partitionKey": record.partition_key}
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            **key,
            "sequenceNumber": record.sequence_number,
            "data": b64encode(record.data).decode("ascii"),
            "approximateArrivalTimestamp": round(record.arrival_s, 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record.sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": mapping.role_arn,
        "awsRegion": mapping.region,
        "eventSourceARN": mapping.stream_arn,
    }


def first_failure(response: object, records: Sequence[Record]) -> int | None:
    """Return the index of the first failed record, None when the whole batch is done.

    No response, an empty object, no list or an empty list is success. A response of another kind, or one
    identifier that is empty, null, misnamed or not of this batch, fails the whole batch: index 0.
    """
    if response is None:
        return None
    if not isinstance(response, dict):
        return 0
    failures: Any = response.get("batchItemFailures")
    if failures is None or failures == []:
        return None
    if not isinstance(failures, list):
        return 0
    places = {record.sequence_number: index for index, record in enumerate(records)}
    return min(_place(failure, places) for failure in failures)


def _place(failure: object, places: dict[str, int]) -> int:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    return places.get(identifier, 0) if isinstance(identifier, str) else 0
