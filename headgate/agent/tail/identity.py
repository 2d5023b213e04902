"""Which file is which: inode, birth time, and fingerprints of what was read.

A path says nothing (rotation) and an inode number is used again at once (ext4). So a file is the same when
device, inode and birth time are the same, the bytes that were read at its beginning are still there, and so
are the last ones. Pure: bytes come in.
"""

import hashlib
from typing import NamedTuple

HEAD_BYTES = 1024  # of the beginning, as far as it was read
TAIL_BYTES = 64  # before the offset


class Inode(NamedTuple):
    """What the file system says; `birth_ns` is None where it does not say it."""

    device: int
    number: int
    birth_ns: int | None = None

    def same_as(self, other: "Inode") -> bool:
        """Equal as far as both are known."""
        births_differ = None not in {self.birth_ns, other.birth_ns} and self.birth_ns != other.birth_ns
        return self[:2] == other[:2] and not births_differ


class Mark(NamedTuple):
    """`length` bytes that were read, as a digest."""

    length: int
    digest: str

    @staticmethod
    def of(data: bytes) -> "Mark":
        """The mark of these bytes."""
        return Mark(len(data), digest(data))

    def fits(self, data: bytes) -> bool:
        """Whether `data` begins with the marked bytes."""
        return len(data) >= self.length and digest(data[: self.length]) == self.digest


def digest(data: bytes) -> str:
    """64 bits of a hash, as hexadecimal."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def file_key(flow: str, inode: Inode, first_line: bytes, generation: int) -> str:
    """What the event ids of a file begin with: the same after any restart, another for any other file.

    The flow's id is part of it, because two flows may send one file in two forms. `generation` counts the
    lives of one inode: truncated and written again, or deleted and used again.
    """
    text = f"{flow}:{inode.device}:{inode.number}:{inode.birth_ns}:{generation}:".encode()
    return digest(text + first_line[:HEAD_BYTES])


def event_key(key: str, offset: int) -> str:
    """The event id of what begins at `offset`."""
    return f"{key}/{offset}"
