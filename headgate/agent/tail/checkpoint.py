"""A file's checkpoint, when it still describes a file found later, and how far a file is acknowledged.

Pure. `offset` is where reading continues after a restart: the end of the contiguous acknowledged prefix,
whatever order batches finish in. `planned` are the ends of the units that were handed over beyond it: after a
crash the same units are made again, so that a copy has the id and the bytes of the first.
"""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from headgate.agent.tail.identity import TAIL_BYTES, Inode, Mark


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of one life of one file."""

    key: str
    inode: Inode
    generation: int
    path: str
    offset: int
    head: Mark
    tail: Mark  # of the last TAIL_BYTES before `offset`
    size: int  # when it was last seen
    planned: tuple[int, ...] = ()
    finished: bool = False
    updated_s: float = 0.0  # wall clock; only for forgetting old ones

    def describes(self, inode: Inode, size: int, head: bytes, tail: bytes) -> bool:
        """Whether a file is the one that was read: `head` its first bytes, `tail` those before `offset`."""
        return (
            self.inode.same_as(inode)
            and size >= self.offset
            and self.head.fits(head)
            and self.tail == Mark.of(tail)
        )

    def copied_to(self, size: int, head: bytes, tail: bytes) -> bool:
        """Whether another file holds everything that was read of this one (copytruncate)."""
        return (
            self.head.length > 0
            and size >= self.offset
            and self.head.fits(head)
            and self.tail == Mark.of(tail)
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {
            "inode": list(self.inode),
            "head": list(self.head),
            "tail": list(self.tail),
            "planned": list(self.planned),
        }


def from_json(value: dict[str, Any]) -> Checkpoint:
    """The inverse of `to_json`. Raises KeyError, TypeError or ValueError for anything else."""
    return Checkpoint(
        key=str(value["key"]),
        inode=Inode(*value["inode"]),
        generation=int(value["generation"]),
        path=str(value["path"]),
        offset=int(value["offset"]),
        head=Mark(*value["head"]),
        tail=Mark(*value["tail"]),
        size=int(value["size"]),
        planned=tuple(map(int, value["planned"])),
        finished=bool(value["finished"]),
        updated_s=float(value["updated_s"]),
    )


def tail_start(offset: int) -> int:
    """Where the bytes of the tail mark begin."""
    return max(0, offset - TAIL_BYTES)


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
