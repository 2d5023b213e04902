"""A stream and its shards: which shard a hash key belongs to, and what a split, a merge or a rescaling makes.

Decides lineage and hash ranges: the open shards always divide 0 … 2^128-1 without gap or overlap, a closed
shard keeps its records and range, a child names its parents. Never stores, never reads a clock, never locks:
the state does that around it.

Source: Developer Guide, "Reshard a stream"; API Reference, SplitShard, MergeShards, UpdateShardCount.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from headgate.local.kinesis import sequence
from headgate.local.kinesis.limits import HOUR_MS, LAST_HASH_KEY, RECORD_BYTES, RETENTION_MIN_H

Numbers = Callable[[], int]  # gives the next shard number of the store


@dataclass(slots=True)
class Shard:
    """One shard. `number` is unique in the store for ever, `index` in its stream; positions count from 1."""

    number: int
    index: int
    first_hash: int
    last_hash: int
    created_s: int  # in each of its sequence numbers; greater than its parents'
    opened_ms: int
    closed_ms: int | None = None
    parent: int | None = None
    adjacent: int | None = None
    first_position: int = 1  # the oldest record within retention
    next_position: int = 1
    first_arrival_ms: int = 0  # of the record at first_position, if there is one
    last_arrival_ms: int = 0
    sequence_base: int = field(init=False)

    def __post_init__(self) -> None:
        self.sequence_base = sequence.base(self.created_s, self.index)

    @property
    def shard_id(self) -> str:
        """The id in AWS's form, `shardId-` and twelve digits."""
        return f"shardId-{self.index:012d}"


@dataclass(slots=True)
class Stream:
    """One stream: settings, shards by index, the phase (`UPDATING`, …) that lasts until `phase_ends_ms`."""

    name: str
    created_ms: int
    mode: str = "PROVISIONED"
    retention_h: int = RETENTION_MIN_H
    record_bytes: int = RECORD_BYTES
    key_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    phase: str = "ACTIVE"
    phase_begins_ms: int = 0
    phase_ends_ms: int = 0
    next_index: int = 0
    rescaled_ms: list[int] = field(default_factory=list)
    shards: dict[int, Shard] = field(default_factory=dict)
    open_shards: list[Shard] = field(default_factory=list)
    _first_hashes: list[int] = field(default_factory=list)

    def in_phase(self, now_ms: int) -> bool:
        """Return whether the phase still lasts; a clock that went back before its begin ends it, too."""
        return self.phase_begins_ms <= now_ms < self.phase_ends_ms

    def status(self, now_ms: int) -> str:
        """Return StreamStatus; a stream whose deletion is over is `DELETING` until somebody removes it."""
        return self.phase if self.in_phase(now_ms) or self.phase == "DELETING" else "ACTIVE"

    def horizon_ms(self, now_ms: int) -> int:
        """Return the time before which records have expired (the trim horizon)."""
        return now_ms - self.retention_h * HOUR_MS

    def live_shards(self, now_ms: int) -> list[Shard]:
        """Return the open shards and the closed ones that can still hold records, by index."""
        horizon_ms = self.horizon_ms(now_ms)
        return [s for s in self.shards.values() if s.closed_ms is None or s.closed_ms >= horizon_ms]

    def shard_of(self, hash_key: int) -> Shard:
        """Return the open shard to which `hash_key` belongs."""
        return self.open_shards[bisect_right(self._first_hashes, hash_key) - 1]

    def start(self, shard_count: int, now_ms: int, numbers: Numbers) -> None:
        """Open the first shards of a new stream, of equal size."""
        firsts = [*uniform_starts(shard_count), LAST_HASH_KEY + 1]
        for first, after in pairwise(firsts):
            self._open((first, after - 1), [], now_ms, numbers)
        self._sort_open()

    def split(self, shard: Shard, first_hash: int, now_ms: int, numbers: Numbers) -> None:
        """Close `shard` and open two children, the second one from `first_hash` on."""
        shard.closed_ms = now_ms
        self._open((shard.first_hash, first_hash - 1), [shard], now_ms, numbers)
        self._open((first_hash, shard.last_hash), [shard], now_ms, numbers)
        self._sort_open()

    def merge(self, shard: Shard, adjacent: Shard, now_ms: int, numbers: Numbers) -> None:
        """Close two neighbours and open the one child of both."""
        shard.closed_ms = adjacent.closed_ms = now_ms
        hashes = min(shard.first_hash, adjacent.first_hash), max(shard.last_hash, adjacent.last_hash)
        self._open(hashes, [shard, adjacent], now_ms, numbers)
        self._sort_open()

    def rescale(self, shard_count: int, now_ms: int, numbers: Numbers) -> None:
        """Split and merge until the open shards are `shard_count` equal ones (UNIFORM_SCALING).

        Shards that are in place already stay; some that live for no time come into being on the way, as on
        AWS.
        """
        starts = [self._snapped(start, shard_count) for start in uniform_starts(shard_count)]
        for start in starts[1:]:
            shard = self.shard_of(start)
            if shard.first_hash != start:
                self.split(shard, start, now_ms, numbers)
        for start, after in zip(starts, [*starts[1:], LAST_HASH_KEY + 1], strict=True):
            while (shard := self.shard_of(start)).last_hash + 1 < after:
                self.merge(shard, self.shard_of(shard.last_hash + 1), now_ms, numbers)

    def document(self) -> dict[str, Any]:
        """Return the stream as JSON can hold it (hash keys are decimal text), positions included."""
        document = asdict(self)
        del document["open_shards"], document["_first_hashes"]
        document["shards"] = [
            {**shard, "first_hash": str(shard["first_hash"]), "last_hash": str(shard["last_hash"])}
            for shard in document["shards"].values()
        ]
        for shard in document["shards"]:
            del shard["sequence_base"]
        return document

    @classmethod
    def of(cls, document: dict[str, Any]) -> "Stream":
        """Build the stream that `document` describes."""
        shards = [
            Shard(**{**shard, "first_hash": int(shard["first_hash"]), "last_hash": int(shard["last_hash"])})
            for shard in document["shards"]
        ]
        stream = cls(**{**document, "shards": {shard.index: shard for shard in shards}})
        stream._sort_open()
        return stream

    def _snapped(self, start: int, shard_count: int) -> int:
        # Sizes are rounded down, so the same border can differ by a few keys between two shard counts.
        shard = self.shard_of(start)
        near = (shard.first_hash, min(shard.last_hash + 1, LAST_HASH_KEY))
        return next((edge for edge in near if abs(edge - start) <= 2 * shard_count), start)

    def _open(self, hashes: tuple[int, int], parents: list[Shard], now_ms: int, numbers: Numbers) -> None:
        created_s = max([now_ms // 1000, *(parent.created_s + 1 for parent in parents)])
        lineage = [*(parent.index for parent in parents), None, None]
        shard = Shard(numbers(), self.next_index, *hashes, created_s, now_ms, None, lineage[0], lineage[1])
        self.shards[shard.index] = shard
        self.next_index += 1

    def _sort_open(self) -> None:
        opened = sorted((s for s in self.shards.values() if s.closed_ms is None), key=lambda s: s.first_hash)
        self.open_shards, self._first_hashes = opened, [shard.first_hash for shard in opened]


def uniform_starts(shard_count: int) -> list[int]:
    """Return the first hash keys of `shard_count` shards of equal size."""
    return [(LAST_HASH_KEY + 1) // shard_count * number for number in range(shard_count)]
