"""Three adapters that turn what AWS answers into outcomes. Never logs, never raises for what AWS can answer.

With clients.py the only importer of botocore. Called by compose.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import clients
from chalicelib.ports import Entry, Receipt
from chalicelib.retry import Failure, Outcome, Success
from chalicelib.throttles import THROTTLED

# Waiting does not mend these; a person does. Each raises the alarm on Faults.
_MISCONFIGURED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidAccessKeyId",
        "InvalidArgumentException",
        "InvalidClientTokenId",
        "InvalidKMSResourceException",
        "InvalidSourceException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "KMSOptInRequired",
        "NoSuchBucket",
        "ResourceNotFoundException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "ValidationException",
    }
)


def failure_of(code: str) -> Failure:
    """An AWS error code as a failure: Throttled, Misconfigured, or Unavailable (unknown ones may pass)."""
    if code in THROTTLED:
        return Failure("Throttled", passing=True, cause=code)
    if code in _MISCONFIGURED:
        return Failure("Misconfigured", passing=False, cause=code)
    return Failure("Unavailable", passing=True, cause=code)


def _attempt(call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | Failure:
    """One call's answer, or the failure that its exception means.

    A time-out or a lost connection says nothing about what was written: sent again, it may become a copy
    with the same id.
    """
    try:
        return call()
    except ClientError as error:
        return failure_of(str(error.response.get("Error", {}).get("Code", "Unknown")))
    except BotoCoreError as error:
        return Failure("Unavailable", passing=True, cause=type(error).__name__)


def _outcomes(
    answer: Mapping[str, Any] | Failure, member: str, count: int, receipt_of: Callable[[Any], object]
) -> list[Outcome]:
    """One outcome per record. A 200 that is not the service's own (a proxy's page) acknowledges nothing."""
    if isinstance(answer, Failure):
        return [answer] * count
    items = answer.get(member, ())
    try:
        outcomes: list[Outcome] = [
            failure_of(item["ErrorCode"]) if item.get("ErrorCode") else Success(receipt_of(item))
            for item in items
        ]
    except (AttributeError, KeyError, TypeError):
        outcomes = []
    if len(outcomes) != count:
        return [Failure("Unavailable", passing=True, cause="MalformedAnswer")] * count
    return outcomes


class KinesisStream:
    """The stream, for ingest."""

    call_s = clients.CALL_S

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        """One PutRecords; Success carries a Receipt."""
        answer = _attempt(
            lambda: self._client.put_records(StreamName=self._name, Records=[_wire(e) for e in entries])
        )
        return _outcomes(
            answer, "Records", len(entries), lambda item: Receipt(item["ShardId"], item["SequenceNumber"])
        )

    def check(self) -> Outcome:
        """Whether the stream is there and takes records."""
        answer = _attempt(lambda: self._client.describe_stream_summary(StreamName=self._name))
        if isinstance(answer, Failure):
            return answer
        status = str(answer.get("StreamDescriptionSummary", {}).get("StreamStatus"))
        ready = status in {"ACTIVE", "UPDATING"}
        return Success(status) if ready else Failure("Unavailable", passing=True, cause=status)


class DeliveryStream:
    """The delivery stream of curated/, for the transform."""

    call_s = clients.CALL_S

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, records: Sequence[bytes]) -> list[Outcome]:
        """One PutRecordBatch."""
        answer = _attempt(
            lambda: self._client.put_record_batch(
                DeliveryStreamName=self._name, Records=[{"Data": data} for data in records]
            )
        )
        return _outcomes(answer, "RequestResponses", len(records), lambda item: item["RecordId"])


class Bucket:
    """S3, for quarantine objects."""

    call_s = clients.CALL_S

    def __init__(self, make_client: Callable[[], Any]) -> None:
        """The client is made for the first object: S3's is half of a cold start, and few batches need it."""
        self._make_client = make_client

    @cached_property
    def _client(self) -> Any:
        return self._make_client()

    def put(self, bucket: str, key: str, body: bytes) -> Outcome:
        """One PutObject."""
        answer = _attempt(
            lambda: self._client.put_object(
                Bucket=bucket, Key=key, Body=body, ContentType="application/x-ndjson"
            )
        )
        return answer if isinstance(answer, Failure) else Success()


def kinesis_stream(name: str) -> KinesisStream:
    """The adapter with a client of its own."""
    return KinesisStream(clients.writing_bodies(clients.client("kinesis"), "kinesis.PutRecords"), name)


def delivery_stream(name: str) -> DeliveryStream:
    """The adapter with a client of its own."""
    made = clients.writing_bodies(clients.client("firehose"), "firehose.PutRecordBatch")
    return DeliveryStream(made, name)


def bucket() -> Bucket:
    """The adapter with a client of its own."""
    return Bucket(lambda: clients.client("s3"))


def _wire(entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = {"Data": entry.data, "PartitionKey": entry.partition_key}
    if entry.explicit_hash_key is not None:
        record["ExplicitHashKey"] = entry.explicit_hash_key
    return record
