"""A stage in memory for the tests of the reading commands: a stream, a bucket, a transform, a clock.

`World.deliver` does what Firehose and the event source mapping do, so that tests choose what is where.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from chalicelib.packing import partition_key
from chalicelib.retry import Outcome
from headgate.readers.bucket import Bucket, Object
from headgate.readers.calls import Clock
from headgate.readers.errors import ReaderError
from headgate.readers.stage import Stage
from headgate.readers.verdict import as_lambda_record
from headgate.records import Record
from headgate.settings import parse_settings
from tests.fake_stream import START_S, FakeStream
from tests.fakes import FakeBucket, FakeCounter, FakeFirehose
from tests.makers import STREAM_ARN, make_transform

BUCKET = "headgate-dev-123456789012-us-east-1"


class MemoryBucket:
    """Objects by key; each put gets a new tag."""

    name = BUCKET

    def __init__(self, now: Callable[[], float]) -> None:
        self.bodies: dict[str, bytes] = {}
        self.objects: dict[str, Object] = {}
        self._now = now
        self._puts = 0

    def list(self, prefix: str, start_after: str = "") -> Iterator[Object]:
        keys = (key for key in self.objects if key.startswith(prefix) and key > start_after)
        return (self.objects[key] for key in sorted(keys))

    def get(self, key: str) -> bytes:
        if key not in self.bodies:
            raise ReaderError(f"{key} is gone")
        return self.bodies[key]

    def find(self, key: str) -> bytes | None:
        return self.bodies.get(key)

    def put(self, key: str, body: bytes) -> None:
        self._puts += 1
        self.bodies[key] = body
        self.objects[key] = Object(key, len(body), self._now(), f"tag-{self._puts}")

    def path(self, key: str) -> Path | None:  # noqa: ARG002 - the protocol's signature
        return None


class _Store(FakeBucket):
    """The transform's bucket, which is the readers'."""

    def __init__(self, bucket: MemoryBucket) -> None:
        super().__init__()
        self._readers = bucket

    def put(self, bucket: str, key: str, body: bytes) -> Outcome:
        self._readers.put(key, body)
        return super().put(bucket, key, body)


class World(Stage):
    """A stage whose services are in memory. Time passes by sleeping, and 10 ms with each look at a clock."""

    def __init__(self, shards: int = 1, **settings: Any) -> None:
        self.stream = FakeStream(shards)
        self.memory = MemoryBucket(lambda: self.stream.now_s)
        self._uuids = 0
        self._read: dict[str, int] = {}
        clock = Clock(self._tick, self._tick, self._sleep, lambda: 0.5)
        super().__init__(parse_settings("dev", settings, source="test"), None, None, clock)

    def client(self, service: str) -> Any:
        assert service == "kinesis"
        return self.stream

    def bucket_name(self) -> str:
        return BUCKET

    def bucket(self) -> Bucket:
        return self.memory

    def put(self, key: str, data: bytes) -> tuple[str, str]:
        """One record of a producer of ours, whose id is `key`; return its shard and sequence number."""
        return self.put_record(partition_key(key), data)

    def put_record(self, key: str, data: bytes) -> tuple[str, str]:
        """One record with this partition key; return its shard and sequence number."""
        self.stream.now_s += 0.001
        return self.stream.put(key, data)

    def deliver(self, hook: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda event: event) -> None:
        """Bring everything that is new to the archive, and through the transform to its ends."""
        for shard_id, shard in self.stream.shards.items():
            new = [_record(wire) for wire in shard.records[self._read.get(shard_id, 0) :]]
            self._read[shard_id] = len(shard.records)
            if new:
                self._archive(new)
                self._curate(shard_id, new, hook)

    def name(self, prefix: str, kind: str, oldest_s: float) -> str:
        """An object's key as Firehose makes it."""
        self._uuids += 1
        at = datetime.fromtimestamp(oldest_s, UTC)
        return f"{prefix}headgate-dev-{kind}-1-{at:%Y-%m-%d-%H-%M-%S}-{UUID(int=self._uuids)}"

    def _archive(self, records: list[Record]) -> None:
        oldest_s = records[0].arrival_s
        folder = datetime.fromtimestamp(oldest_s, UTC).strftime("raw-data/%Y/%m/%d/%H/")
        self.memory.put(self.name(folder, "raw", oldest_s), b"".join(record.data for record in records))

    def _curate(self, shard_id: str, records: list[Record], hook: Callable[..., Any]) -> None:
        delivery = FakeFirehose()
        transform = make_transform(delivery, _Store(self.memory), hook)
        batch = [as_lambda_record(record, shard_id, STREAM_ARN) for record in records]
        assert transform({"Records": batch}, transform.now() + 60, FakeCounter()) == {"batchItemFailures": []}
        self.add_curated(b"".join(delivery.delivered))

    def add_curated(self, body: bytes) -> None:
        """An object of curated/, written now."""
        if body:
            folder = datetime.fromtimestamp(self.stream.now_s, UTC).strftime("curated/dt=%Y-%m-%d/hour=%H/")
            self.memory.put(self.name(folder, "curated", self.stream.now_s), body)

    def _tick(self) -> float:
        self.stream.now_s += 0.01
        return self.stream.now_s

    def _sleep(self, seconds: float) -> None:
        self.stream.now_s += seconds


def _record(wire: dict[str, Any]) -> Record:
    arrival_s = wire["ApproximateArrivalTimestamp"].timestamp()
    return Record(wire["SequenceNumber"], wire["PartitionKey"], wire["Data"], arrival_s)


__all__ = ["BUCKET", "START_S", "MemoryBucket", "World"]
