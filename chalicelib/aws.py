"""The only importer of botocore: three adapters that turn what AWS answers into outcomes.

Each client is made once, with short time-outs and one attempt: all retrying is retry.py's. The bodies of the
two calls that carry events are written here; signing, endpoint and errors are botocore's. Never logs, never
raises for what AWS can answer.

Source: docs/decisions/0002-one-attempt-per-client.md for the options and what they are worth.
"""

from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import botocore.session
import orjson
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import __version__
from chalicelib.ingest import Entry, Receipt
from chalicelib.retry import Failure, Outcome, Success

_CONNECT_S = 1.0
_READ_S = 4.0  # p99 of a full PutRecords is below one second; a longer silence is worth a second try
_BODY = "headgate_body"
_POOL = 32  # the local server's threads share a client; in Lambda there is one

_THROTTLED = frozenset(
    {
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
    }
)
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
    if code in _THROTTLED:
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

    call_s = _CONNECT_S + _READ_S

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

    call_s = _CONNECT_S + _READ_S

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

    call_s = _CONNECT_S + _READ_S

    def __init__(self, client: Any) -> None:
        self._client = client

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
    return KinesisStream(_writing_bodies(_client("kinesis"), "kinesis.PutRecords"), name)


def delivery_stream(name: str) -> DeliveryStream:
    """The adapter with a client of its own."""
    return DeliveryStream(_writing_bodies(_client("firehose"), "firehose.PutRecordBatch"), name)


def bucket() -> Bucket:
    """The adapter with a client of its own."""
    return Bucket(_client("s3"))


def _wire(entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = {"Data": entry.data, "PartitionKey": entry.partition_key}
    if entry.explicit_hash_key is not None:
        record["ExplicitHashKey"] = entry.explicit_hash_key
    return record


def _client(service: str) -> Any:
    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"total_max_attempts": 1},
        user_agent=f"headgate/{__version__}",
        parameter_validation=False,
        tcp_keepalive=True,
        max_pool_connections=_POOL,
    )
    return _session().create_client(service, config=config)


@cache  # what it has loaded is for all clients
def _session() -> Any:
    """One of botocore: boto3 would add nothing but its import, a quarter of a cold start."""
    return botocore.session.get_session()


def _writing_bodies(client: Any, operation: str) -> Any:
    """The client, with the JSON of `operation` written by orjson in place of botocore's serialiser.

    Needs `parameter_validation=False`. Source: botocore, events before-parameter-build and before-call.
    """
    client.meta.events.register(f"before-parameter-build.{operation}", _write_body)
    client.meta.events.register(f"before-call.{operation}", _send_body)
    return client


def _write_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    """Take the records away from the serialiser; `context` is this call's own, so threads do not meet."""
    records = params.pop("Records")
    wire = [{**record, "Data": b2a_base64(record["Data"], newline=False).decode()} for record in records]
    context[_BODY] = orjson.dumps({**params, "Records": wire})


def _send_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    params["body"] = context[_BODY]
