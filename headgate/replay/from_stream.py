"""A time range of the stream: its records whole, each under its own partition key.

Decides nothing but the range. The order of a shard is kept, and parents come before their children.
"""

from collections.abc import Iterator

from chalicelib.packing import record_event_id
from headgate.readers.calls import Clock, call
from headgate.readers.decode import split
from headgate.readers.feed import Feed
from headgate.readers.putting import unchanged
from headgate.readers.span import Span
from headgate.records import KinesisClient, Pace, Position, Record, ShardBatch, StreamReader
from headgate.replay.known_ids import Taken
from headgate.replay.plan import Mark, Portion, ReplayPlan

_PACE = Pace(idle_s=0.5, behind_s=0.25)
_NAP_MAX_S = 0.5


class StreamSource:
    """The records of one stream that arrived in the span."""

    def __init__(self, client: KinesisClient, stream_name: str, span: Span, clock: Clock) -> None:
        self._client = client
        self._stream_name = stream_name
        self._span = span
        self._clock = clock

    def count(self) -> ReplayPlan:
        """Count records and lines, and note where each shard's part ends."""
        records = lines = size_bytes = copies = 0
        ends: dict[str, str] = {}
        feed = Feed(self._client, self._stream_name, self._span, self._clock)
        with Taken() as taken:
            for shard_id, record in feed.arrivals():
                ends[shard_id] = record.sequence_number
                if not _is_first(taken, shard_id, record):
                    copies += 1
                    continue
                records += 1
                lines += sum(1 for line in split(record.data) if line.strip())
                size_bytes += len(record.data)
        return ReplayPlan(records, lines, size_bytes, ends=ends, copies=copies)

    def portions(self, plan: ReplayPlan, mark: Mark | None) -> Iterator[Portion]:
        """Yield a portion for each read of a shard; the mark is the shards' checkpoints.

        A copy whose first one went before an interruption goes too: it has the same id and does no harm.
        """
        position = Position.at_timestamp(self._span.from_s)
        reader = StreamReader(self._client, self._stream_name, position, mark, _PACE)
        left = {name: end for name, end in plan.ends.items() if not _is_done(reader, name, end)}
        past: set[str] = set()
        with Taken() as taken:
            while left:
                for batch in self._poll(reader, past):
                    wanted = [r for r in batch.records if self._wants(batch, r, left)]
                    records = [
                        unchanged(r, batch.shard_id) for r in wanted if _is_first(taken, batch.shard_id, r)
                    ]
                    reader.commit(batch.shard_id, batch.checkpoint)
                    if batch.shard_id in left and _is_done(reader, batch.shard_id, left[batch.shard_id]):
                        del left[batch.shard_id]
                    if batch.records and batch.records[-1].arrival_s >= self._span.to_s:
                        past.add(batch.shard_id)
                    if records:
                        yield Portion(records, dict(reader.checkpoints))

    def _poll(self, reader: StreamReader, past: set[str]) -> list[ShardBatch]:
        wait_s = reader.due_s(past) - self._clock.now()
        if wait_s > 0:
            self._clock.sleep(min(wait_s, _NAP_MAX_S))
        now_s = self._clock.now()
        return call(lambda: reader.poll(now_s, past), self._clock)

    def _wants(self, batch: ShardBatch, record: Record, left: dict[str, str]) -> bool:
        """Whether the plan counted a record: what the replay put itself comes after the shard's end."""
        end = left.get(batch.shard_id)
        counted = end is not None and int(record.sequence_number) <= int(end)
        return counted and self._span.holds(record.arrival_s)


def _is_done(reader: StreamReader, shard_id: str, end: str) -> bool:
    place = reader.checkpoints.get(shard_id, "")
    return place == "SHARD_END" or (place.isdigit() and int(place) >= int(end))


def _is_first(taken: Taken, shard_id: str, record: Record) -> bool:
    """Return False for a copy of a record that was taken: by an earlier replay, or by a producer's retry."""
    own = record_event_id(record.partition_key, shard_id, record.sequence_number)
    return taken.is_new(own, record.data)
