"""Kinesis with faults of its own: a throttled shard, a batch that is taken in part.

Decides which records of a call are refused, and with which code. Everything else is the service's.
"""

from collections.abc import Callable
from hashlib import md5
from typing import Any

from headgate.local.faults.chance import Faults
from headgate.local.faults.connection import FaultyConnection
from headgate.local.faults.partial import PUT_RECORDS, put_rest
from headgate.local.wire import AwsError, Service

_THROTTLED = "ProvisionedThroughputExceededException"
_CODES = (_THROTTLED, "InternalFailure")
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
                chosen = int(self._faults.share("partial") * (1 + len(_CODES)))
                codes[index] = codes[index] or (*_CODES, None)[chosen]
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
