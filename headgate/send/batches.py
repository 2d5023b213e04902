"""Rows to batches: what goes into one request, and under which `Idempotency-Key`.

Pure and lazy: it holds the rows of one batch. Where a batch begins depends only on the rows and on the
limits, so every run of the same file with the same batch options makes the same batches. A run that ends in
the middle of one (`--limit`) sends its beginning, under the same key.

A key is the fingerprint of the source and the batch's first row, so a batch that is sent twice (a lost
answer, a crash, another machine) carries the same event ids both times. The fingerprint covers the content
and everything that decides which rows there are and the bytes of their events, never the path: the same ids
must mean the same bytes.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from chalicelib import limits
from headgate.send.rows import BadRow, EventRow

# The default size of a request: far below the contract's body limit, enough to make its overhead vanish.
BATCH_MAX_BYTES = 1_000_000


_FINGERPRINT_CHARS = 32  # 128 bits of SHA-256: no two files will ever meet


def fingerprint(content: str, mapping: object) -> str:
    """Return a source's fingerprint: of the SHA-256 of its bytes and of how its rows become events."""
    text = json.dumps([content, mapping], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT_CHARS]


def batch_key(prefix: str, first: int) -> str:
    """Return the key of a batch that begins with this row: `<prefix>-<first>`.

    An event's id counts positions in the batch, so every batch must hold the source's next sendable rows
    without a gap: then position and first row name one row, wherever the batch ends. Printable ASCII, at most
    120 characters for a prefix of up to 100.
    """
    return f"{prefix}-{first}"


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The limits of one request."""

    events: int = limits.EVENTS_MAX
    size_bytes: int = BATCH_MAX_BYTES  # of the body; a larger event goes alone
    single: bool = False  # one event per request, as a plain JSON object


@dataclass(frozen=True, slots=True)
class RequestBatch:
    """The rows of one request, at least one. No sendable row of the source is missing between them."""

    rows: tuple[EventRow, ...]
    prefix: str  # of the key: the source's fingerprint
    single: bool = False

    @property
    def key(self) -> str:
        """The Idempotency-Key."""
        return batch_key(self.prefix, self.rows[0].number)

    @property
    def content_type(self) -> str:
        """The media type of the body."""
        return "application/json" if self.single else "application/x-ndjson"

    @property
    def body(self) -> bytes:
        """The events, one line each."""
        return b"\n".join([row.event for row in self.rows])

    def without(self, indexes: Collection[int]) -> "list[RequestBatch]":
        """Return the other rows as one batch for each unbroken run, because a batch must have no gap."""
        runs: list[list[EventRow]] = [[]]
        for index, row in enumerate(self.rows):
            if index in indexes:
                runs.append([])
            else:
                runs[-1].append(row)
        return [RequestBatch(tuple(run), self.prefix, self.single) for run in runs if run]

    def halves(self) -> "tuple[RequestBatch, RequestBatch]":
        """Split a batch of at least two rows in two."""
        middle = len(self.rows) // 2
        first, second = self.rows[:middle], self.rows[middle:]
        return RequestBatch(first, self.prefix, self.single), RequestBatch(second, self.prefix, self.single)


def make_batches(
    rows: Iterable[EventRow | BadRow], prefix: str, most: BatchLimits
) -> Iterator[RequestBatch | BadRow]:
    """Yield batches in the order of the rows, and each bad row as soon as it comes."""
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
