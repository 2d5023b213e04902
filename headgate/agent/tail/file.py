"""One file that is followed: its handle, how far it is read, and whether it is still the same underneath.

Every read begins a few bytes before the offset and compares them with what was read there last: a file that
was truncated and has grown again is noticed however fast it grew (A04). Partial lines are not kept in memory.
"""

from typing import BinaryIO

from headgate.agent.tail.checkpoint import Checkpoint, Progress, tail_start
from headgate.agent.tail.disk import Disk, Seen
from headgate.agent.tail.identity import HEAD_BYTES, TAIL_BYTES, Inode, Mark


class Truncated(Exception):
    """What was read is no longer there."""


class TailedFile:
    """One life of one file; `key` is empty until its first line is there."""

    def __init__(self, disk: Disk, handle: int, path: str, inode: Inode) -> None:
        self.disk = disk
        self.handle: int | None = handle
        self.path = path
        self.inode = inode
        self.key = ""
        self.generation = 0
        self.read_offset = 0
        self.progress = Progress(0)
        self.planned: list[int] = []  # unit ends to be made again after a crash
        self.sent_plan: list[int] = []  # unit ends handed over and not yet acknowledged
        self.tail = b""  # the bytes before read_offset
        self.head = b""  # the first HEAD_BYTES of what was read
        self.size = 0
        self.mtime_s = 0.0
        self.touched = True  # something changed since it was verified
        self.shrunk = False  # it was seen smaller than what was read of it
        self.seen_bytes = 0  # the largest size at which what was read was still there
        self.scanned = 0  # no line feed between read_offset and here
        self.matched = True  # a path of the pattern leads here
        self.rotated = False
        self.judged = False  # whether it may be the copy of another file was decided
        self.changed_s = 0.0  # when its size last changed, monotonic
        self.skipping: BinaryIO | None = None  # where a line that is too long is copied to
        self.skip_start = 0
        self.held_size = -1  # its size when an open record was last left to wait
        self.finished = False
        self.registered = False  # its key is written down
        self.last_checkpoint: Checkpoint | None = None  # of a finished file

    def held(self) -> int:
        """The handle. Raises OSError without one."""
        if self.handle is None:
            raise OSError(f"{self.path} is not open")
        return self.handle

    def resume(self, checkpoint: Checkpoint, head: bytes, tail: bytes) -> None:
        """Go on where a checkpoint says; `head` and `tail` are the bytes that its marks stand for."""
        self.key, self.generation = checkpoint.key, checkpoint.generation
        self.planned = list(checkpoint.planned)
        self.start_at(checkpoint.offset, head[: checkpoint.head.length], tail)
        self.judged = True

    def start_at(self, offset: int, head: bytes, tail: bytes) -> None:
        """Read from `offset` on; `head` are the first bytes of the file, `tail` those before the offset."""
        self.head = head[:HEAD_BYTES]
        self.read_offset = self.scanned = offset
        self.progress = Progress(offset)
        self.tail = tail[-TAIL_BYTES:]

    def look(self, now_s: float) -> Seen | None:
        """Look at the size; None without a handle. Raises OSError."""
        if self.handle is None:
            return None
        seen = self.disk.look_at(self.handle)
        if seen.size != self.size or seen.mtime_s != self.mtime_s:
            if seen.size < self.size:
                self.seen_bytes = max(self.seen_bytes, self.size)
            self.shrunk |= seen.size < self.read_offset
            self.size, self.mtime_s = seen.size, seen.mtime_s
            self.changed_s = now_s
            self.touched = True
        return seen

    def verify(self) -> None:
        """Compare what was read last with what is there now. Raises Truncated, OSError."""
        self.touched = False
        if self.shrunk or self.size < self.read_offset:
            raise Truncated
        self.read(0)

    @property
    def unread(self) -> int:
        """Bytes behind."""
        return max(0, self.size - self.read_offset)

    def read(self, count: int) -> bytes:
        """Up to `count` bytes from read_offset on. Raises Truncated, OSError."""
        if self.handle is None:
            return b""
        start = self.read_offset - len(self.tail)
        data = self.disk.read(self.handle, start, count + len(self.tail))
        if not data.startswith(self.tail):
            raise Truncated
        self.seen_bytes = max(self.seen_bytes, self.size)
        return data[len(self.tail) :]

    def has_line_beyond(self, count: int) -> bool:
        """Whether a line feed stands in what was appended since the last look. Raises OSError, Truncated."""
        if self.handle is None:
            return False
        if self.size < self.read_offset:
            raise Truncated
        while self.scanned < self.size:
            data = self.disk.read(self.handle, self.scanned, count)
            if not data:
                break
            if b"\n" in data:
                return True
            self.scanned += len(data)
        return False

    def consume(self, data: bytes) -> tuple[int, int]:
        """`data`, which begins at read_offset, was taken; its span."""
        start = self.read_offset
        if start <= len(self.head) < HEAD_BYTES:
            self.head = (self.head[:start] + data[:HEAD_BYTES])[:HEAD_BYTES]
        self.read_offset = start + len(data)
        self.scanned = self.read_offset
        self.tail = (self.tail + data)[-TAIL_BYTES:] if len(data) < TAIL_BYTES else data[-TAIL_BYTES:]
        return start, self.read_offset

    def jump(self, offset: int) -> tuple[int, int]:
        """Leave out what stands before `offset`; the span left out. Raises OSError."""
        start = self.read_offset
        tail = self.before(offset)
        if len(self.head) < HEAD_BYTES:
            self.head = self.beginning()[:offset]
        self.read_offset = self.scanned = offset
        self.tail = tail
        return start, offset

    def beginning(self) -> bytes:
        """The first HEAD_BYTES as they are now. Raises OSError."""
        return b"" if self.handle is None else self.disk.read(self.handle, 0, HEAD_BYTES)

    def before(self, offset: int) -> bytes:
        """The bytes of the tail mark of `offset` as they are now. Raises OSError."""
        if self.handle is None:
            return b""
        start = tail_start(offset)
        return self.disk.read(self.handle, start, offset - start)

    def checkpoint(self, now_s: float) -> Checkpoint:
        """What to write down about it now. Raises OSError."""
        offset = self.progress.offset
        return Checkpoint(
            key=self.key,
            inode=self.inode,
            generation=self.generation,
            path=self.path,
            offset=offset,
            head=Mark.of(self.head),
            tail=Mark.of(self.before(offset) if offset != self.read_offset else self.tail),
            size=max(self.size, self.read_offset),
            planned=tuple(end for end in (*self.sent_plan, *self.planned) if end > offset),
            finished=self.finished,
            updated_s=now_s,
        )

    def close(self) -> None:
        """Give the handle back."""
        if self.skipping is not None:
            self.skipping.close()
            self.skipping = None
        if self.handle is not None:
            self.disk.close(self.handle)
            self.handle = None
