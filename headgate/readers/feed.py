"""The records of a stream in one sequence by arrival, from a moment on, up to a moment, the tip, or for ever.

Decides when reading is done. Holds a bounded number of records and commits nothing outside itself. Used by
read, trace and status; replay reads shard by shard, for its order is the shard's.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from headgate.readers.calls import Clock, call
from headgate.readers.errors import NoShardError
from headgate.readers.merge import Merge
from headgate.readers.span import Span
from headgate.records import SHARD_END, Pace, Position, Record, StreamReader

# Two reads a second leave three of a shard's five to Firehose, Lambda and others.
# Source: Kinesis quotas, GetRecords, 5 transactions per second per shard.
PACE = Pace(idle_s=0.5, behind_s=0.25)
_HELD_MAX_BYTES = 4 * 1024 * 1024  # of one shard that wait for a slower one; one more answer may come on top
_NAP_MAX_S = 0.5
_SKEW_S = 5.0


class Arrival(NamedTuple):
    """One record and its shard."""

    shard_id: str
    record: Record


class _AllBut(Collection[str]):
    """Every shard but one, known or not: only that one is asked, and only its iterator is opened."""

    def __init__(self, shard_id: str) -> None:
        self._shard_id = shard_id

    def __contains__(self, name: object) -> bool:
        return name != self._shard_id

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Feed:
    """One reading of one stream, or of one of its shards."""

    def __init__(
        self, client: Any, stream_name: str, span: Span, clock: Clock, shard_id: str | None = None
    ) -> None:
        position = _position(span.from_s, clock.wall())
        # A checkpoint opens the one shard at once, whatever its parents are.
        checkpoints = {shard_id: position.checkpoint} if shard_id else None
        self._reader = StreamReader(client, stream_name, position, checkpoints, PACE)
        self._span = span
        self._clock = clock
        self._shard_id = shard_id
        self._merge = Merge()
        self._past: set[str] = set()  # shards that have reached the span's end

    def arrivals(self, *, follow: bool = False) -> Iterator[Arrival]:
        """Every record of the span; without `follow` reading ends at the stream's tip.

        Raises ReaderError when the stream cannot be read, NoShardError when the shard is not there.
        """
        self._open()
        while True:
            for shard_id, record in self._merge.ready(self._behind()):
                if record.arrival_s >= self._span.to_s:
                    self._past.add(shard_id)
                elif self._span.holds(record.arrival_s):
                    yield Arrival(shard_id, record)
            for shard_id in self._merge.finished():
                self._reader.commit(shard_id, SHARD_END)
            if self._is_done() and (not follow or self._clock.wall() >= self._span.to_s):
                return
            self._nap()
            self._poll()

    def _open(self) -> None:
        self._poll()
        known = self._reader.behind()
        while not known and self._merge.is_empty:  # listing was throttled
            self._nap()
            self._poll()
            known = self._reader.behind()
        if self._shard_id and self._shard_id not in known and self._merge.is_empty:
            raise NoShardError(f"the stream has no shard {self._shard_id}; it has {', '.join(sorted(known))}")

    def _poll(self) -> None:
        now_s, paused = self._clock.now(), self._paused()
        for batch in call(lambda: self._reader.poll(now_s, paused), self._clock):
            self._merge.add(batch.shard_id, batch.records, closed=batch.closed)

    def _is_other(self, shard_id: str) -> bool:
        return self._shard_id is not None and shard_id != self._shard_id

    def _paused(self) -> Collection[str]:
        if self._shard_id:
            return _AllBut(self._shard_id)
        held = {name for name in self._reader.behind() if self._merge.held_bytes(name) > _HELD_MAX_BYTES}
        return self._past | held

    def _behind(self) -> dict[str, int | None]:
        """The shards that can still bring a record that is wanted."""
        known = self._reader.behind().items()
        return {name: millis for name, millis in known if name not in self._past and not self._is_other(name)}

    def _is_done(self) -> bool:
        """Whether every shard was asked and stood at its tip, or is past the span's end."""
        if not self._merge.is_empty:
            return False
        if self._shard_id:
            return all(millis == 0 for millis in self._behind().values())
        return self._reader.caught_up(left_out=self._past)

    def _nap(self) -> None:
        wait_s = self._reader.due_s(self._paused()) - self._clock.now()
        if wait_s > 0:
            self._clock.sleep(min(wait_s, _NAP_MAX_S))


def _position(from_s: float, wall_s: float) -> Position:
    """Where to begin. Kinesis refuses a time in its future, and its clock is not ours."""
    if from_s == float("-inf"):
        return Position.trim_horizon()
    return Position.at_timestamp(min(from_s, wall_s - _SKEW_S))
