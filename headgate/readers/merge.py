"""Several shards to one sequence by arrival, a shard's own order always kept.

Decides which record may be given out: the oldest one, once no shard that is still to be heard could have an
older one. Pure: feed.py brings the records.
"""

from collections import deque
from collections.abc import Iterator, Mapping

from headgate.records import Record


class Merge:
    """Queues of records by shard."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Record]] = {}
        self._ended: set[str] = set()
        self._bytes: dict[str, int] = {}

    def add(self, shard_id: str, records: list[Record], *, closed: bool) -> None:
        """Take what one read of a shard brought; `closed` when it has no more and never will."""
        self._queues.setdefault(shard_id, deque()).extend(records)
        size_bytes = sum(len(record.data) for record in records)
        self._bytes[shard_id] = self._bytes.get(shard_id, 0) + size_bytes
        if closed:
            self._ended.add(shard_id)

    def held_bytes(self, shard_id: str) -> int:
        """How much data of a shard waits here."""
        return self._bytes.get(shard_id, 0)

    def ready(self, behind: Mapping[str, int | None]) -> Iterator[tuple[str, Record]]:
        """Give out what can be, oldest first.

        `behind` is the reader's, for open shards: one that waits for its first records, or is not at its
        tip, may hold an older record than all others. Stops when a shard's end has been given out: its
        children may have to be opened first.
        """
        silent = any(millis != 0 and not self._queues.get(shard_id) for shard_id, millis in behind.items())
        while not silent and (heads := {name: queue[0] for name, queue in self._queues.items() if queue}):
            shard_id = min(heads, key=lambda name: (heads[name].arrival_s, name))
            queue = self._queues[shard_id]
            record = queue.popleft()
            self._bytes[shard_id] -= len(record.data)
            yield shard_id, record
            silent = not queue and (shard_id in self._ended or behind.get(shard_id) != 0)

    def finished(self) -> list[str]:
        """The shards whose end was reached and given out; each is named once."""
        done = [shard_id for shard_id in self._ended if not self._queues.get(shard_id)]
        for shard_id in done:
            self._ended.discard(shard_id)
            self._queues.pop(shard_id, None)
            self._bytes.pop(shard_id, None)
        return done

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits here."""
        return not self._ended and not any(self._queues.values())
