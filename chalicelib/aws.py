"""Three adapters that turn what AWS answers into outcomes. Never logs, never raises for what AWS can answer.

Called by compose; headgate puts boto3's clients behind the same adapters.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.clients import CALL_S, Api, JsonClient, ObjectClient
from chalicelib.ports import Entry, Receipt
from chalicelib.refusals import failure_of
from chalicelib.retry import Failure, Outcome, Success


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


SPREADS_RECORDS = "RecordDistributionStrategyAuto"  # the cause of a stream that cannot keep order


class KinesisStream:
    """The stream, for ingest."""

    call_s = CALL_S

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self._name = name

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        """One PutRecords; Success carries a Receipt."""
        request = {"StreamName": self._name, "Records": [_wire(entry) for entry in entries]}
        answer = self._api.call("PutRecords", request)
        return _outcomes(
            answer, "Records", len(entries), lambda item: Receipt(item["ShardId"], item["SequenceNumber"])
        )

    def check(self, *, keeps_order: bool = False) -> Outcome:
        """Return whether the stream takes records; with `keeps_order`, also whether keys choose its shards.

        Source: Kinesis API, UpdateStreamRecordDistributionStrategy: AUTO ignores partition and hash keys.
        """
        answer = self._api.call("DescribeStreamSummary", {"StreamName": self._name})
        if isinstance(answer, Failure):
            return answer
        summary = answer.get("StreamDescriptionSummary")
        summary = summary if isinstance(summary, Mapping) else {}
        status = str(summary.get("StreamStatus"))
        if keeps_order and summary.get("RecordDistributionStrategy") == "AUTO":
            return Failure("Misconfigured", passing=False, cause=SPREADS_RECORDS)
        ready = status in {"ACTIVE", "UPDATING"}
        return Success(status) if ready else Failure("Unavailable", passing=True, cause=status)


class DeliveryStream:
    """The delivery stream of curated/, for the transform."""

    call_s = CALL_S

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self._name = name

    def put(self, records: Sequence[bytes]) -> list[Outcome]:
        """One PutRecordBatch."""
        request = {"DeliveryStreamName": self._name, "Records": [{"Data": data} for data in records]}
        answer = self._api.call("PutRecordBatch", request)
        return _outcomes(answer, "RequestResponses", len(records), lambda item: item["RecordId"])


class Bucket:
    """S3, for quarantine objects."""

    call_s = CALL_S

    def __init__(self, api: Api) -> None:
        self._api = api

    def put(self, bucket: str, key: str, body: bytes) -> Outcome:
        """One PutObject."""
        request = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": "application/x-ndjson"}
        answer = self._api.call("PutObject", request)
        return answer if isinstance(answer, Failure) else Success()


def kinesis_stream(name: str) -> KinesisStream:
    """The adapter with a client of its own. Raises Fatal when the environment does not say where to call."""
    return KinesisStream(JsonClient("kinesis"), name)


def delivery_stream(name: str) -> DeliveryStream:
    """The adapter with a client of its own. Raises Fatal when the environment does not say where to call."""
    return DeliveryStream(JsonClient("firehose"), name)


def bucket() -> Bucket:
    """The adapter with a client of its own, which opens nothing until there is an object."""
    return Bucket(ObjectClient())


def _wire(entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = {"Data": entry.data, "PartitionKey": entry.partition_key}
    if entry.explicit_hash_key is not None:
        record["ExplicitHashKey"] = entry.explicit_hash_key
    return record
