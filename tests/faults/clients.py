"""boto3-shaped clients over our services in the same process, on a clock that stands still until it is told.

They fail as botocore fails: a refusal is a ClientError, a reset a ConnectionClosedError, an answer after the
time-out a ReadTimeoutError, although the service has done what was asked.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from headgate.local.faults import Faults, HangUp
from headgate.local.wire import AwsError, Service

START_S = 1_700_000_000.0
_CALL_S = 0.01
_READ_TIMEOUT_S = 4.0  # chalicelib/aws.py's
_URL = "http://127.0.0.1"


@dataclass
class Clock:
    """Seconds since START_S; only `pass_s` moves it."""

    now_s: float = 0.0

    def steady_s(self) -> float:
        return self.now_s

    def wall_s(self) -> float:
        return START_S + self.now_s

    def pass_s(self, seconds: float) -> None:
        assert seconds >= 0
        self.now_s += seconds


class WireClient:
    """The operations of boto3's clients that the project uses, over a service."""

    def __init__(self, service: Service, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    def put_records(self, **request: Any) -> dict[str, Any]:
        return self._call("PutRecords", {**request, "Records": [_wire(each) for each in request["Records"]]})

    def put_record_batch(self, **request: Any) -> dict[str, Any]:
        records = [_wire(each) for each in request["Records"]]
        return self._call("PutRecordBatch", {**request, "Records": records})

    def list_shards(self, **request: Any) -> dict[str, Any]:
        return self._call("ListShards", request)

    def get_shard_iterator(self, **request: Any) -> dict[str, Any]:
        if "Timestamp" in request:
            request["Timestamp"] = request["Timestamp"].timestamp()
        return self._call("GetShardIterator", request)

    def get_records(self, **request: Any) -> dict[str, Any]:
        answer = self._call("GetRecords", request)
        return {**answer, "Records": [_read(record) for record in answer["Records"]]}

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self._clock.pass_s(_CALL_S)
        started_s = self._clock.now_s
        try:
            answer = self._service.call(operation, request)
        except AwsError as error:
            refusal = {"Error": {"Code": error.code, "Message": error.message}}
            raise ClientError(refusal, operation) from None  # type: ignore[arg-type, unused-ignore]
        except HangUp:
            raise ConnectionClosedError(endpoint_url=_URL) from None
        if self._clock.now_s - started_s > _READ_TIMEOUT_S:
            self._clock.now_s = started_s + _READ_TIMEOUT_S
            raise ReadTimeoutError(endpoint_url=_URL)
        return answer


@dataclass
class Bucket:
    """S3 in memory, which refuses as the faults say, and may lose its answer."""

    faults: Faults
    objects: dict[str, bytes] = field(default_factory=dict)

    def put_object(self, **request: Any) -> Mapping[str, Any]:
        if self.faults.lasts("s3_down"):
            code = ("SlowDown", "AccessDenied")[int(2 * self.faults.share("s3_down"))]
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")
        body = request["Body"]
        self.objects[request["Key"]] = body if isinstance(body, bytes) else body.read()
        if self.faults.strikes("lost_answer"):
            raise ReadTimeoutError(endpoint_url=_URL)
        return {}

    def list_objects_v2(self, **request: Any) -> Mapping[str, Any]:
        names = sorted(key for key in self.objects if key.startswith(request["Prefix"]))
        found = [{"Key": key, "Size": len(self.objects[key])} for key in names[: request["MaxKeys"]]]
        return {"Contents": found} if found else {}


def _wire(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record, "Data": b64encode(record["Data"]).decode("ascii")}


def _read(record: Mapping[str, Any]) -> dict[str, Any]:
    moment = datetime.fromtimestamp(record["ApproximateArrivalTimestamp"], UTC)
    return {**record, "Data": b64decode(record["Data"]), "ApproximateArrivalTimestamp": moment}
