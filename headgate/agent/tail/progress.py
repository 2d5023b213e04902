"""How far a file is acknowledged: the end of the contiguous prefix, whatever order batches finish in.

This is the rule that a checkpoint never passes an unacknowledged byte (I11, A10).
"""

from collections import deque


class Progress:
    """Spans of one file as they were read; `offset` moves over the acknowledged ones at the front."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self._spans: deque[list[int]] = deque()  # [start, end, 0 or 1 for acknowledged]
        self._by_start: dict[int, list[int]] = {}

    @property
    def pending(self) -> bool:
        """Whether something is on its way."""
        return bool(self._spans)

    def add(self, start: int, end: int) -> None:
        """A span was handed over for sending. Spans touch: `start` is the end of the last one.

        Raises ValueError for an empty span: it would have the start of the next one, and one of the two could
        never be acknowledged.
        """
        if start >= end:
            raise ValueError(f"the span from {start} to {end} is empty")
        span = [start, end, 0]
        self._spans.append(span)
        self._by_start[start] = span

    def acknowledge(self, start: int) -> bool:
        """The span that begins at `start` is safe; True when `offset` moved."""
        self._by_start[start][2] = 1
        moved = False
        while self._spans and self._spans[0][2]:
            span = self._spans.popleft()
            del self._by_start[span[0]]
            self.offset = span[1]
            moved = True
        return moved
