"""What the Firehose tests share: an S3 in memory that can refuse, a clock set by hand, one delivery."""

import gzip
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from botocore.exceptions import ClientError, ReadTimeoutError

from headgate.local.firehose.delivery import Delivery
from headgate.local.firehose.destination import DestinationPlan, complete, make_plan
from headgate.local.firehose.feeds import DirectFeed, Feed, KinesisFeed
from headgate.local.firehose.store import DeliveryQueue
from headgate.local.firehose.tries import Host, S3Client, Tries
from headgate.records import KinesisClient

START_S = 1_700_000_000.0  # 2023-11-14T22:13:20Z
NAME = "headgate-dev-raw"
DESTINATION = {
    "RoleARN": "arn:aws:iam::123456789012:role/firehose",
    "BucketARN": "arn:aws:s3:::bucket",
    "Prefix": "raw-data/",
    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
}
SOURCE = {
    "KinesisStreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/headgate-dev",
    "RoleARN": "arn:aws:iam::123456789012:role/firehose",
}


@dataclass
class FakeClock:
    """Wall clock and monotonic clock, moved by hand; jitter always takes the whole wait."""

    now_s: float = START_S
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - names in tests

    def host(self) -> Host:
        """Return the surroundings that show this clock."""
        return Host(lambda: self.now_s, lambda: self.now_s - START_S, lambda: 1.0, self._uuid)

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


class CrashError(BaseException):
    """The process ends here, as `kill -9` ends it."""


@dataclass
class FakeS3:
    """S3 in memory. `faults` befall the next puts: refused, lost, crash_before, crash_after, ok."""

    objects: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    puts: list[str] = field(default_factory=list)

    def put_object(self, **request: Any) -> Mapping[str, Any]:
        fault = self.faults.pop(0) if self.faults else "ok"
        key, body = request["Key"], request["Body"].read()
        self.puts.append(key)
        if fault == "refused":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
        if fault == "crash_before":
            raise CrashError
        assert self.objects.get(key, body) == body, "an object was overwritten by another one (F08)"
        self.objects[key] = body
        if fault == "lost":
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")
        if fault == "crash_after":
            raise CrashError
        return {}

    def list_objects_v2(self, **request: Any) -> Mapping[str, Any]:
        names = sorted(key for key in self.objects if key.startswith(request["Prefix"]))
        found = [{"Key": key, "Size": len(self.objects[key])} for key in names[: request["MaxKeys"]]]
        return {"Contents": found} if found else {}

    def contents(self) -> list[bytes]:
        """Return the objects' bytes as they were put, unpacked, oldest first."""
        return [unpacked(key, self.objects[key]) for key in dict.fromkeys(self.puts) if key in self.objects]


def unpacked(key: str, body: bytes) -> bytes:
    """Undo the compression that a key names."""
    return gzip.decompress(body) if key.endswith(".gz") else body


def make_test_plan(**changes: Any) -> DestinationPlan:
    """Return a plan of the usual destination with some members changed."""
    return make_plan(NAME, 1, complete({**DESTINATION, **changes}), None)


@dataclass
class Rig:
    """One delivery over a store; `reopen` is what a new process would start with."""

    clock: FakeClock
    s3: S3Client
    plan: DestinationPlan
    store: DeliveryQueue = field(default_factory=lambda: DeliveryQueue(Path(":memory:")))
    kinesis: KinesisClient | None = None
    delivery: Delivery = None  # type: ignore[assignment]  # made by reopen, before anyone can look

    def __post_init__(self) -> None:
        self.store.save(NAME, {"name": NAME})
        self.reopen()

    def reopen(self) -> None:
        """Forget everything that is only in memory."""
        if self.delivery is not None:
            self.delivery.reset()
        self.delivery = Delivery(NAME, self.plan, self.store, self.s3, self._feed(), self.clock.host())

    def put(self, *data: bytes) -> None:
        """Put records directly, as one call."""
        self.store.append(NAME, self.clock.now_s, data)

    def step(self, after_s: float = 0.0) -> float | None:
        """Let some time pass and step."""
        self.clock.now_s += after_s
        wait_s = self.delivery.step()
        return self.delivery.step() if wait_s == 0 else wait_s

    def drain(self, steps: int = 100) -> None:
        """Drain to the end, jumping over every wait."""
        self.delivery.drain_since_s = self.clock.host().monotonic_s()
        for _ in range(steps):
            wait_s = self.delivery.step()
            if self.delivery.drained_s is not None:
                return
            # A little more than asked for: the sum of the two floats must not stay below the moment it means.
            self.clock.now_s += (wait_s or 0.0) + 0.001
        raise AssertionError(f"not drained after {steps} steps")

    def close(self) -> None:
        """Give up files and database."""
        self.delivery.reset()
        self.store.close()

    def _feed(self) -> Callable[[Tries], Feed]:
        kinesis = self.kinesis
        if kinesis is None:
            return lambda _: DirectFeed(self.store, NAME)
        return lambda tries: KinesisFeed(kinesis, "headgate-dev", START_S, self.store.places(NAME), tries)
