"""The work on one shard: which lane a record goes to, and up to where everything is done.

Decides the checkpoint: it never passes a record that is not done (I11), though lanes finish out of order.
Never invokes or stores; the engine calls it.

Source: Lambda developer guide, ParallelizationFactor: batches of one shard run side by side, and the records
of one partition key stay in order (T08).
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from headgate.local.event_source.event import PAYLOAD_BYTES, overhead_bytes, record_bytes
from headgate.local.event_source.lane import NEVER_S, Action, Instant, Lane, Outcome, Wait
from headgate.local.event_source.mapping import EventSourceMapping
from headgate.records import SHARD_END, Record, ShardBatch

# A stuck lane must not make the others read without end. Source: GetRecords brings at most 10,000 records.
READ_AHEAD_RECORDS = 10_000


class Job(NamedTuple):
    """One action of one lane, to be carried out."""

    shard_id: str
    lane: int
    action: Action


class ShardWork:
    """The lanes of one shard. `checkpoint` is None until there is something to commit."""

    def __init__(self, shard_id: str, mapping: EventSourceMapping, retention_s: float) -> None:
        self.shard_id = shard_id
        self.checkpoint: str | None = None
        self.until_s = NEVER_S
        self._mapping = mapping
        self._lanes = [Lane(mapping, retention_s) for _ in range(mapping.parallelization)]
        self._overhead_bytes = overhead_bytes(mapping, shard_id)
        self._order: deque[Record] = deque()
        self._done: set[str] = set()
        self._waiting_bytes = 0
        self._closed = False

    @property
    def is_idle(self) -> bool:
        """Everything that came is done."""
        return not self._order

    @property
    def is_full(self) -> bool:
        """Reading further would only fill memory."""
        lanes = len(self._lanes)
        return (
            len(self._order) >= max(READ_AHEAD_RECORDS, lanes * self._mapping.batch_size)
            or self._waiting_bytes >= lanes * PAYLOAD_BYTES
        )

    def add(self, batch: ShardBatch, now: Instant) -> None:
        """Take what the reader brought."""
        for record in batch.records:
            size_bytes = record_bytes(record, self._overhead_bytes)
            self._lanes[lane_of(record.partition_key, len(self._lanes))].add(record, size_bytes, now)
            self._order.append(record)
            self._waiting_bytes += size_bytes
        self._closed = self._closed or batch.closed
        self._advance()

    def jobs(self, now: Instant, *, flush: bool) -> Iterator[Job]:
        """Yield what the free lanes have to do now, and note in `until_s` when to ask again.

        `flush`: the run is stopping.
        """
        self.until_s = NEVER_S
        for number, lane in enumerate(self._lanes):
            action = lane.next(now, flush=flush or self._closed, hurry=flush)
            if isinstance(action, Wait):
                self.until_s = min(self.until_s, action.until_s)
            else:
                yield Job(self.shard_id, number, action)

    def settle(self, lane: int, outcome: Outcome, now: Instant) -> None:
        """Take the outcome of a job and move the checkpoint."""
        for record in self._lanes[lane].settle(outcome, now):
            self._done.add(record.sequence_number)
            self._waiting_bytes -= record_bytes(record, self._overhead_bytes)
        self._advance()

    def _advance(self) -> None:
        while self._order and self._order[0].sequence_number in self._done:
            self.checkpoint = self._order.popleft().sequence_number
            self._done.remove(self.checkpoint)
        if self._closed and not self._order:
            self.checkpoint = SHARD_END


def lane_of(partition_key: str | None, lanes: int) -> int:
    """Return the lane of a partition key: the same key, the same lane. Records without one share a lane."""
    return crc32((partition_key or "").encode("utf-8", "surrogatepass")) % lanes
