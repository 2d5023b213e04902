"""The services with faults of their own: Kinesis, Firehose, S3, the stream's clock and the function.

Decides which records or calls are refused, and with which code. Everything else is the service's. Wraps what
is asked for by layer.py; without a fault nothing of this runs.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import md5
from typing import Any, NamedTuple

from headgate.local.endpoint.wsgi import WSGIApplication
from headgate.local.faults.chance import Faults
from headgate.local.faults.connection import PUTS, FaultyConnection
from headgate.local.wire import AwsError, Service


class BatchOperation(NamedTuple):
    """The names of one batch operation."""

    operation: str
    answers: str
    failed: str


PUT_RECORDS = BatchOperation("PutRecords", "Records", "FailedRecordCount")
PUT_RECORD_BATCH = BatchOperation("PutRecordBatch", "RequestResponses", "FailedPutCount")


def put_rest(
    service: Service, batch: BatchOperation, request: dict[str, Any], codes: Sequence[str | None]
) -> dict[str, Any]:
    """Put the records whose code is None; answer for all. Raises AwsError as the service does."""
    records = request["Records"]
    kept = [record for record, code in zip(records, codes, strict=True) if code is None]
    answer = service.call(batch.operation, {**request, "Records": kept}) if kept else {}
    taken = iter(answer.get(batch.answers, []))
    answers = [
        next(taken) if code is None else {"ErrorCode": code, "ErrorMessage": "An injected fault."}
        for code in codes
    ]
    return {**answer, batch.failed: sum("ErrorCode" in each for each in answers), batch.answers: answers}


_THROTTLED = "ProvisionedThroughputExceededException"
_KINESIS_CODES = (_THROTTLED, "InternalFailure")
Request = dict[str, Any]


def faulty_kinesis(service: Service, faults: Faults, sleep: Callable[[float], object]) -> Service:
    """The service as its clients will see it."""
    return FaultyConnection(FaultyKinesis(service, faults), faults, sleep)


class FaultyKinesis:
    """Refuses records by shard and by chance."""

    def __init__(self, service: Service, faults: Faults) -> None:
        self._service = service
        self._faults = faults

    def call(self, operation: str, request: Request) -> Request:
        """Answer one operation. Raises AwsError."""
        if operation == "PutRecords" and request.get("Records"):
            return put_rest(self._service, PUT_RECORDS, request, self._refusals(request))
        if operation in {"PutRecord", "GetRecords"} and self._faults.strikes("throttle"):
            raise AwsError(_THROTTLED, "Rate exceeded for the shard: an injected fault.")
        return self._service.call(operation, request)

    def _refusals(self, request: Request) -> list[str | None]:
        records = request["Records"]
        codes: list[str | None] = [None] * len(records)
        if self._faults.strikes("throttle"):
            shards = self._shards(request)
            hot = shards[int(self._faults.share("throttle") * len(records))]
            codes = [_THROTTLED if shard == hot else None for shard in shards]
        if self._faults.strikes("partial"):
            for index in range(len(records)):
                # Each record is taken, throttled or failed with the same chance.
                chosen = int(self._faults.share("partial") * (1 + len(_KINESIS_CODES)))
                codes[index] = codes[index] or (*_KINESIS_CODES, None)[chosen]
        return codes

    def _shards(self, request: Request) -> list[str]:
        """The shard of each record."""
        stream = {name: request[name] for name in ("StreamName", "StreamARN") if request.get(name)}
        ranges = [
            (
                int(shard["HashKeyRange"]["StartingHashKey"]),
                int(shard["HashKeyRange"]["EndingHashKey"]),
                shard,
            )
            for shard in self._service.call("ListShards", stream)["Shards"]
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        ]
        return [
            next((shard["ShardId"] for low, high, shard in ranges if low <= _hash_key(record) <= high), "")
            for record in request["Records"]
        ]


def _hash_key(record: Request) -> int:
    """Where a record belongs. Source: PutRecords API reference, ExplicitHashKey and PartitionKey."""
    explicit = record.get("ExplicitHashKey")
    if explicit is not None:
        return int(explicit)
    key = str(record.get("PartitionKey", "")).encode("utf-8", "surrogatepass")
    return int.from_bytes(md5(key, usedforsecurity=False).digest())


# Source: Firehose API reference, PutRecordBatch, ErrorCode.
_FIREHOSE_CODES = ("ServiceUnavailableException", "InternalFailure")


def faulty_firehose(service: Service, faults: Faults, sleep: Callable[[float], object]) -> Service:
    """The service as its clients will see it."""
    return FaultyConnection(FaultyFirehose(service, faults), faults, sleep)


class FaultyFirehose:
    """Refuses puts for a while, or some records of one."""

    def __init__(self, service: Service, faults: Faults) -> None:
        self._service = service
        self._faults = faults

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation. Raises AwsError."""
        if operation in PUTS and self._faults.lasts("firehose_down"):
            raise AwsError("ServiceUnavailableException", "Slow down: an injected fault.", 503)
        if (
            operation == "PutRecordBatch"
            and request.get("Records")
            and self._faults.strikes("firehose_partial")
        ):
            codes = [self._code() for _ in request["Records"]]
            return put_rest(self._service, PUT_RECORD_BATCH, request, codes)
        return self._service.call(operation, request)

    def _code(self) -> str | None:
        # Each record is taken or failed in one of the two ways with the same chance.
        return (*_FIREHOSE_CODES, None)[
            int(self._faults.share("firehose_partial") * (1 + len(_FIREHOSE_CODES)))
        ]


_REFUSALS = (("503 Slow Down", "SlowDown"), ("403 Forbidden", "AccessDenied"))


class FaultyS3:
    """The application behind it, unless S3 is down."""

    def __init__(self, application: WSGIApplication, faults: Faults) -> None:
        self._application = application
        self._faults = faults

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if not (_is_object(environ) and self._faults.lasts("s3_down")):
            return self._application(environ, start_response)
        status, code = _REFUSALS[int(self._faults.share("s3_down") * len(_REFUSALS))]
        body = (
            f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>Injected.</Message></Error>'.encode()
        )
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]


def _is_object(environ: dict[str, Any]) -> bool:
    """Whether a request writes an object or lists some. Source: S3 API reference, path-style requests."""
    if "/s3/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
        return False
    _, _, key = environ.get("PATH_INFO", "").strip("/").partition("/")
    method = environ["REQUEST_METHOD"]
    return (method == "PUT" and bool(key)) or (
        method == "GET" and "list-type=2" in environ.get("QUERY_STRING", "")
    )


def jumping_clock(clock: Callable[[], float], faults: Faults) -> Callable[[], float]:
    """The clock, ahead by up to the fault's amount; it stays so until the next jump, to or fro.

    Never behind the true time: a consumer that starts at a moment (Firehose at its creation) would rightly
    take a record of an earlier moment for one that is not its own.
    """
    ahead_s = 0.0

    def now_s() -> float:
        nonlocal ahead_s
        if faults.strikes("clock"):
            ahead_s = faults.amount("clock") * faults.share("clock")
        return clock() + ahead_s

    return now_s


Event = dict[str, Any]
Invoke = Callable[[Event], object]


class FunctionKilled(Exception):
    """The function's process is gone."""


def faulty_invoke(invoke: Callable[[Event, float], object], timeout_s: float, faults: Faults) -> Invoke:
    """What the poller calls; `invoke` takes the event and the seconds that the function has."""

    def call(event: Event) -> object:
        if faults.strikes("transform_timeout"):
            return invoke(event, min(timeout_s, faults.amount("transform_timeout")))
        if faults.strikes("transform_kill"):
            records = event["Records"]
            done = int(faults.share("transform_kill") * (len(records) + 1))
            if done:
                invoke({**event, "Records": records[:done]}, timeout_s)
            raise FunctionKilled
        return invoke(event, timeout_s)

    return call
