"""A delivery stream's Kinesis source, by the project's stream reader.

Decides where reading starts (the creation of the delivery stream, as LATEST was then) and that a shard's end
is passed on in order. Never reads ahead: the next poll comes when the last one's records are in the object.

Source: Firehose developer guide, "Firehose reads from the LATEST position"; the reader keeps AWS's pace.
"""

import math

from headgate.local.firehose.arrival import Arrival
from headgate.local.firehose.tries import Tries
from headgate.records import SHARD_END, KinesisClient, Position, ShardBatch, StreamReader


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
            Arrival(batch.shard_id, record.sequence_number, record.arrival_s, now_s, record.data)
            for record in batch.records
        ]
        if batch.closed:
            # The reader may open the children now: their records follow the parent's in the same file order.
            self._reader.commit(batch.shard_id, SHARD_END)
            arrivals.append(Arrival(batch.shard_id, SHARD_END, now_s, now_s, None))
        return arrivals
