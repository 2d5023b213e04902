"""Rows to batches: what goes into one request, and under which key.

Pure and lazy: it holds the rows of one batch. Where a batch ends depends only on the rows and on the limits,
so every run of the same file with the same options makes the same batches.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from chalicelib import limits
from headgate.send.keys import batch_key
from headgate.send.rows import BadRow, Row

# The default size of a request: far below the contract's body limit, enough to make its overhead vanish.
BATCH_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that goes into one request."""

    events: int = limits.EVENTS_MAX
    size_bytes: int = BATCH_MAX_BYTES  # of the body; a larger event goes alone
    single: bool = False  # one event per request, as a plain JSON object


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one request, at least one."""

    rows: tuple[Row, ...]
    prefix: str  # of the key: the source's fingerprint
    single: bool = False

    @property
    def key(self) -> str:
        """The Idempotency-Key."""
        return batch_key(self.prefix, [row.number for row in self.rows])

    @property
    def content_type(self) -> str:
        """What the body is."""
        return "application/json" if self.single else "application/x-ndjson"

    @property
    def body(self) -> bytes:
        """The events, one line each."""
        return b"\n".join([row.event for row in self.rows])

    def without(self, indexes: Collection[int]) -> "Batch | None":
        """The other rows, or None when there are none."""
        rest = tuple(row for index, row in enumerate(self.rows) if index not in indexes)
        return Batch(rest, self.prefix, self.single) if rest else None

    def halves(self) -> "tuple[Batch, Batch]":
        """Two batches of a batch of at least two rows."""
        middle = len(self.rows) // 2
        first, second = self.rows[:middle], self.rows[middle:]
        return Batch(first, self.prefix, self.single), Batch(second, self.prefix, self.single)


def make_batches(rows: Iterable[Row | BadRow], prefix: str, most: Limits) -> Iterator[Batch | BadRow]:
    """Batches in the order of the rows. Bad rows pass through as soon as they come."""
    chosen: list[Row] = []
    size_bytes = 0
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        length = len(row.event) + 1
        if length > limits.EVENT_MAX_BYTES + 1:
            message = f"The event has {length - 1} bytes; the limit is {limits.EVENT_MAX_BYTES}."
            yield BadRow.of(row, "EventTooLarge", message)
            continue
        if chosen and (len(chosen) == most.events or size_bytes + length > most.size_bytes):
            yield Batch(tuple(chosen), prefix, most.single)
            chosen, size_bytes = [], 0
        chosen.append(row)
        size_bytes += length
        if len(chosen) == most.events:
            yield Batch(tuple(chosen), prefix, most.single)
            chosen, size_bytes = [], 0
    if chosen:
        yield Batch(tuple(chosen), prefix, most.single)
