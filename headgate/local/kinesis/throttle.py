"""Throttling per shard, as AWS does it: token buckets of one second's worth.

Decides whether a put or a read of one shard is admitted now. Never waits, never reads a clock, never raises:
the caller brings the time and words the refusal. Not thread-safe: the state's lock is held around it.

A read is charged after the fact, since its size is known only then: 10 MiB out of one call block the shard's
readers for the next five seconds. A record above one second's worth is admitted by a full bucket, which then
owes the rest ("bursting beyond its sustained write throughput, then returning to its baseline").

Source: API Reference, GetRecords and PutRecords; Developer Guide, "Quotas and limits", "Handle large
records".
"""

from typing import Protocol

from headgate.local.kinesis.limits import (
    RESCALES_PER_DAY,
    SHARD_GETS_PER_S,
    SHARD_IN_BYTES_PER_S,
    SHARD_IN_RECORDS_PER_S,
    SHARD_OUT_BYTES_PER_S,
)


class Throttle(Protocol):
    """What the operations ask before they touch a shard; `shard` is its number in the store."""

    rescales_per_day: float

    def admit_put(self, shard: int, size_bytes: int, now_s: float) -> bool:
        """Return whether a record of `size_bytes` (data + partition key) may be written now."""
        ...

    def admit_read(self, shard: int, now_s: float) -> bool:
        """Return whether a GetRecords call may read now."""
        ...

    def charge_read(self, shard: int, size_bytes: int, now_s: float) -> None:
        """Note what a GetRecords call has returned."""
        ...

    def admit_iterator(self, shard: int, now_s: float) -> bool:
        """Return whether a GetShardIterator call is admitted now."""
        ...

    def forget(self, shard: int) -> None:
        """Drop what is known of a shard that is gone."""
        ...


class _Bucket:
    __slots__ = ("filled_s", "level", "rate")

    def __init__(self, rate_per_s: float, now_s: float) -> None:
        self.rate = self.level = rate_per_s
        self.filled_s = now_s

    def fill(self, now_s: float) -> float:
        self.level = min(self.rate, self.level + self.rate * max(0.0, now_s - self.filled_s))
        self.filled_s = now_s
        return self.level


class _Limits:
    __slots__ = ("gets", "in_bytes", "in_records", "iterators", "out_bytes")

    def __init__(self, now_s: float) -> None:
        self.in_bytes = _Bucket(SHARD_IN_BYTES_PER_S, now_s)
        self.in_records = _Bucket(SHARD_IN_RECORDS_PER_S, now_s)
        self.out_bytes = _Bucket(SHARD_OUT_BYTES_PER_S, now_s)
        self.gets = _Bucket(SHARD_GETS_PER_S, now_s)
        self.iterators = _Bucket(SHARD_GETS_PER_S, now_s)


class ShardThrottle:
    """The limits of AWS."""

    rescales_per_day: float = RESCALES_PER_DAY  # UpdateShardCount, of one stream

    def __init__(self) -> None:
        self._shards: dict[int, _Limits] = {}

    def admit_put(self, shard: int, size_bytes: int, now_s: float) -> bool:
        """See Throttle."""
        limits = self._of(shard, now_s)
        records, in_bytes = limits.in_records, limits.in_bytes
        if records.fill(now_s) < 1 or in_bytes.fill(now_s) < min(size_bytes, in_bytes.rate):
            return False
        records.level -= 1
        in_bytes.level -= size_bytes
        return True

    def admit_read(self, shard: int, now_s: float) -> bool:
        """See Throttle."""
        limits = self._of(shard, now_s)
        return limits.out_bytes.fill(now_s) > 0 and _take(limits.gets, now_s)

    def charge_read(self, shard: int, size_bytes: int, now_s: float) -> None:
        """See Throttle."""
        bucket = self._of(shard, now_s).out_bytes
        left = bucket.fill(now_s)
        bucket.level = left - size_bytes if size_bytes <= left else -float(size_bytes)

    def admit_iterator(self, shard: int, now_s: float) -> bool:
        """See Throttle."""
        return _take(self._of(shard, now_s).iterators, now_s)

    def forget(self, shard: int) -> None:
        """See Throttle."""
        self._shards.pop(shard, None)

    def _of(self, shard: int, now_s: float) -> _Limits:
        limits = self._shards.get(shard)
        if limits is None:
            limits = self._shards[shard] = _Limits(now_s)
        return limits


def _take(bucket: _Bucket, now_s: float) -> bool:
    if bucket.fill(now_s) < 1:
        return False
    bucket.level -= 1
    return True
