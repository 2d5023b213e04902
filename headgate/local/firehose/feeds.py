"""Where the records of a delivery stream come from: the rows of direct puts, or a Kinesis stream.

Decides how much is read at a time, so that memory is bounded, where reading of a stream starts (the creation
of the delivery stream, as LATEST was then), and that a shard's end is passed on in order. Never writes and
never reads ahead; delivery.py commits. A source can be told to hurry to its end, for the drain.

Aggregated records of the KPL are taken apart, as Firehose does before it delivers: the archive holds the user
records one after the other.

Source: Firehose developer guide, "Firehose reads from the LATEST position"; the reader keeps AWS's pace.
Kinesis developer guide, KPL with Firehose: records are de-aggregated before they are delivered.
"""

import math
from typing import Protocol

from chalicelib import kpl
from headgate.local.firehose.buffer import MIB_BYTES
from headgate.local.firehose.store import DIRECT, Arrival, DeliveryQueue
from headgate.local.firehose.tries import Tries
from headgate.records import SHARD_END, KinesisClient, Position, ShardBatch, StreamReader

# Read from the store at a time, beside the record that goes over it.
CHUNK_BYTES = MIB_BYTES


class Feed(Protocol):
    """A source of records, in the order in which they are delivered."""

    def read(self) -> list[Arrival]:
        """Return what comes next, oldest first; nothing when there is nothing now."""
        ...

    def due_in_s(self) -> float | None:
        """Return the seconds until reading again can bring something; None: when the delivery is woken."""
        ...

    def hurry(self) -> None:
        """Look for the end of the source as fast as its limits allow."""
        ...

    def is_at_end(self, since_s: float) -> bool:
        """Say whether the source, asked at `since_s` (monotonic) or later, had nothing more."""
        ...


class DirectFeed:
    """Records of PutRecord and PutRecordBatch, from the store. Only the delivery's thread uses it."""

    def __init__(self, store: DeliveryQueue, name: str) -> None:
        self._store = store
        self._name = name
        self._row = 0

    def read(self) -> list[Arrival]:
        """Return the next rows, about 1 MiB."""
        rows = self._store.read(self._name, self._row, CHUNK_BYTES)
        if rows:
            self._row = rows[-1].row
        return [Arrival(DIRECT, str(r.row), r.arrival_s, r.arrival_s, r.data) for r in rows]

    def due_in_s(self) -> float | None:
        """A put wakes the delivery."""
        return None

    def hurry(self) -> None:
        """The rows are all there."""

    def is_at_end(self, since_s: float) -> bool:  # noqa: ARG002 - a table has no delay
        """Whatever was put is in the table; delivery reads until nothing comes."""
        return True


class KinesisFeed:
    """The records of every shard. Raises nothing for a stream that cannot be read now: it tries again."""

    def __init__(
        self, client: KinesisClient, stream: str, created_s: float, places: dict[str, str], tries: Tries
    ) -> None:
        """`places` are the delivered checkpoints; a shard without one is read from `created_s` on."""
        # Kinesis keeps arrival times in milliseconds: a record of the same millisecond must not be missed.
        start = Position.at_timestamp(math.floor(created_s * 1000) / 1000)
        self._reader = StreamReader(client, stream, start, places)
        self._host = tries.host
        self._tries = tries
        self._batches: list[ShardBatch] = []
        self._retry_in_s: float | None = None

    def read(self) -> list[Arrival]:
        """Ask the shards that are due."""
        self._retry_in_s = self._tries.attempt(self._poll)
        batches, self._batches = self._batches, []
        return [arrival for batch in batches for arrival in self._arrivals(batch)]

    def due_in_s(self) -> float | None:
        """Return the seconds until a shard is due, or until a failed poll is repeated."""
        if self._retry_in_s is not None:
            return self._retry_in_s
        return max(0.0, self._reader.due_s() - self._host.monotonic_s())

    def hurry(self) -> None:
        """Ask every shard again as soon as its limit allows."""
        self._reader.hurry()

    def is_at_end(self, since_s: float) -> bool:
        """Say whether every shard was at its tip."""
        return self._reader.caught_up(since_s)

    def _poll(self) -> None:
        self._batches = self._reader.poll(self._host.monotonic_s())

    def _arrivals(self, batch: ShardBatch) -> list[Arrival]:
        now_s = self._host.wall_s()
        arrivals = [
            Arrival(batch.shard_id, each.sequence_number, each.arrival_s, now_s, _taken_apart(each.data))
            for each in batch.records
        ]
        if batch.closed:
            # The reader may open the children now: their records follow the parent's in the same file order.
            self._reader.commit(batch.shard_id, SHARD_END)
            arrivals.append(Arrival(batch.shard_id, SHARD_END, now_s, now_s, None))
        return arrivals


def _taken_apart(data: bytes) -> bytes:
    """Return the user records of an aggregated record as one piece, since all have one sequence number."""
    found = kpl.take_apart(data)
    return data if found is None else b"".join(found)
