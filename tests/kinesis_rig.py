"""A local Kinesis for tests: a clock that stands still until it is told, and a service over a file.

Used by the tests whose names begin with test_kinesis. Never listens on a socket.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headgate.local.kinesis import KinesisService, RecordStore
from headgate.local.kinesis.throttle import ShardThrottle
from headgate.local.wire import AwsError

START_S = 1_700_000_000.0
ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"


class FakeClock:
    """Epoch seconds that only `pass_s` moves."""

    def __init__(self, now_s: float = START_S) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds


class Unthrottled(ShardThrottle):
    """No limits: for measurements, and for tests about something else."""

    rescales_per_day = float("inf")

    def admit_put(self, shard: int, size_bytes: int, now_s: float) -> bool:  # noqa: ARG002 - ShardThrottle's
        return True

    def admit_read(self, shard: int, now_s: float) -> bool:  # noqa: ARG002 - ShardThrottle's
        return True

    def admit_iterator(self, shard: int, now_s: float) -> bool:  # noqa: ARG002 - ShardThrottle's
        return True


class Rig:
    """The service with a stream named `clicks`, and short ways to speak to it."""

    def __init__(self, path: Path, clock: FakeClock, *, throttle: bool, transition_s: float) -> None:
        self.clock = clock
        self.store = RecordStore(path)
        limits = None if throttle else Unthrottled()
        self.service = KinesisService(self.store, clock, throttle=limits, transition_s=transition_s)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.service.call(operation, {"StreamName": "clicks", **request})

    def bare(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.service.call(operation, request)

    def refused(self, operation: str, **request: Any) -> AwsError:
        try:
            answer = self.call(operation, **request)
        except AwsError as error:
            return error
        raise AssertionError(f"{operation} was not refused: {answer}")

    def put(self, data: bytes, key: str = "key", **more: Any) -> dict[str, Any]:
        return self.call("PutRecord", PartitionKey=key, Data=b64encode(data).decode(), **more)

    def iterator(self, shard: int = 0, kind: str = "TRIM_HORIZON", **more: Any) -> str:
        shard_id = f"shardId-{shard:012d}"
        answer = self.call("GetShardIterator", ShardId=shard_id, ShardIteratorType=kind, **more)
        return str(answer["ShardIterator"])

    def page(self, iterator: str, **more: Any) -> dict[str, Any]:
        return self.bare("GetRecords", ShardIterator=iterator, **more)

    def data(self, shard: int = 0, kind: str = "TRIM_HORIZON", **more: Any) -> list[bytes]:
        return [
            b64decode(record["Data"]) for record in self.page(self.iterator(shard, kind, **more))["Records"]
        ]

    def shards(self, **more: Any) -> list[dict[str, Any]]:
        return list(self.call("ListShards", **more)["Shards"])


@contextmanager
def open_rig(
    path: Path,
    clock: FakeClock | None = None,
    *,
    shards: int | None = 1,
    throttle: bool = False,
    transition_s: float = 0.0,
) -> Iterator[Rig]:
    """Open the file, make the stream unless `shards` is None, and close the file at the end."""
    rig = Rig(path, clock or FakeClock(), throttle=throttle, transition_s=transition_s)
    try:
        if shards is not None:
            rig.call("CreateStream", ShardCount=shards)
        yield rig
    finally:
        rig.store.close()
