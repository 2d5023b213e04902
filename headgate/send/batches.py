"""Rows to batches: what goes into one request, and under which key.

Pure and lazy: it holds the rows of one batch. Where a batch begins depends only on the rows and on the
limits, so every run of the same file with the same batch options makes the same batches. A run that ends in
the middle of one (`--limit`) sends its beginning, under the same key.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from chalicelib import limits
from headgate.send.keys import batch_key
from headgate.send.rows import BadRow, EventRow

# The default size of a request: far below the contract's body limit, enough to make its overhead vanish.
BATCH_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The most that goes into one request."""

    events: int = limits.EVENTS_MAX
    size_bytes: int = BATCH_MAX_BYTES  # of the body; a larger event goes alone
    single: bool = False  # one event per request, as a plain JSON object


@dataclass(frozen=True, slots=True)
class RequestBatch:
    """The rows of one request, at least one; between two of them there is no row that could be sent."""

    rows: tuple[EventRow, ...]
    prefix: str  # of the key: the source's fingerprint
    single: bool = False

    @property
    def key(self) -> str:
        """The Idempotency-Key."""
        return batch_key(self.prefix, self.rows[0].number)

    @property
    def content_type(self) -> str:
        """What the body is."""
        return "application/json" if self.single else "application/x-ndjson"

    @property
    def body(self) -> bytes:
        """The events, one line each."""
        return b"\n".join([row.event for row in self.rows])

    def without(self, indexes: Collection[int]) -> "list[RequestBatch]":
        """The other rows in order, a batch for each run of them: what is sent under one key has no gap."""
        runs: list[list[EventRow]] = [[]]
        for index, row in enumerate(self.rows):
            if index in indexes:
                runs.append([])
            else:
                runs[-1].append(row)
        return [RequestBatch(tuple(run), self.prefix, self.single) for run in runs if run]

    def halves(self) -> "tuple[RequestBatch, RequestBatch]":
        """Two batches of a batch of at least two rows."""
        middle = len(self.rows) // 2
        first, second = self.rows[:middle], self.rows[middle:]
        return RequestBatch(first, self.prefix, self.single), RequestBatch(second, self.prefix, self.single)


def make_batches(
    rows: Iterable[EventRow | BadRow], prefix: str, most: BatchLimits
) -> Iterator[RequestBatch | BadRow]:
    """Batches in the order of the rows. Bad rows pass through as soon as they come."""
    chosen: list[EventRow] = []
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
            yield RequestBatch(tuple(chosen), prefix, most.single)
            chosen, size_bytes = [], 0
        chosen.append(row)
        size_bytes += length
        if len(chosen) == most.events:
            yield RequestBatch(tuple(chosen), prefix, most.single)
            chosen, size_bytes = [], 0
    if chosen:
        yield RequestBatch(tuple(chosen), prefix, most.single)
