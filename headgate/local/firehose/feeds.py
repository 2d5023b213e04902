"""Where the records of a delivery stream come from: the rows of direct puts, or a Kinesis stream.

Decides how much is read at a time, so that memory is bounded. Never writes; delivery.py commits. A source can
be told to hurry to its end, for the drain.
"""

from typing import Protocol

from headgate.local.firehose.arrival import Arrival
from headgate.local.firehose.buffer import MIB_BYTES
from headgate.local.firehose.store import DIRECT, Store

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

    def __init__(self, store: Store, name: str) -> None:
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
