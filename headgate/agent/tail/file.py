"""One file that is followed: its handle, its stage, how far it is read, and whether it is still the same.

Every read begins a few bytes before the offset and compares them with what was read there last: a file that
was truncated and has grown again is noticed however fast it grew (A04). Partial lines are not kept in memory.
Every attribute is public for reading; only the methods of this module write them.
"""

from enum import Enum

from headgate.agent.rejects import LongLine
from headgate.agent.tail.checkpoint import Checkpoint, Progress, tail_start
from headgate.agent.tail.disk import Disk, Seen
from headgate.agent.tail.identity import HEAD_BYTES, TAIL_BYTES, Inode, Mark


class Truncated(Exception):
    """What was read is no longer there."""


class Stage(Enum):
    """How far a file has come. Stages only go forward, in this order."""

    CANDIDATE = 0  # it may be the copy of another file, so it is not read yet
    LIVE = 1  # it is read, and more may be written to it
    ROTATED = 2  # it was renamed, copied or removed: it is read to its end
    FINISHED = 3  # all of it is delivered; the handle is closed and the last checkpoint is kept


class TailedFile:
    """One file under one inode number; `key` is empty until its first line is there."""

    def __init__(
        self, disk: Disk, handle: int, path: str, inode: Inode, *, now_s: float = 0.0, generation: int = 0
    ) -> None:
        """Follow an open file; `now_s` is monotonic, `generation` counts the files of one inode number."""
        self.disk = disk
        self.handle: int | None = handle
        self.path = path
        self.inode = inode
        self.key = ""
        self.generation = generation
        self.stage = Stage.CANDIDATE
        self.matched = True  # a path of the pattern leads here
        self.moved = False  # it has left the name under which it was found
        self.registered = False  # its key is written down
        self.read_offset = 0
        self.progress = Progress(0)
        self.planned: list[int] = []  # unit ends to be made again after a crash
        self.sent_plan: list[int] = []  # unit ends handed over and not yet acknowledged
        self.head = b""  # the first HEAD_BYTES of what was read
        self.tail = b""  # the bytes before read_offset
        self.first_seen = b""  # how an unread file began when it was first looked at
        self.size = 0
        self.mtime_s = 0.0
        self.seen_bytes = 0  # the largest size at which what was read was still there
        self.attached_s = self.changed_s = now_s  # monotonic; when its size last changed
        self.touched = True  # something changed since it was verified
        self.shrunk = False  # it was seen smaller than what was read or known of it
        self.scanned = 0  # no line feed between read_offset and here
        self.held_size = -1  # its size when an open record was last left to wait
        self.skipping = False  # inside a line that is too long for memory
        self.long_line: LongLine | None = None  # where that line is copied to
        self.skip_start = 0
        self.last_checkpoint: Checkpoint | None = None  # of a finished file

    # What it is.

    @property
    def decided(self) -> bool:
        """Whether it is known that the file is not a copy that is still being made."""
        return self.stage is not Stage.CANDIDATE

    @property
    def rotated(self) -> bool:
        """Whether nothing more is expected under this name: the file is read before its successor."""
        return self.moved or self.stage in {Stage.ROTATED, Stage.FINISHED}

    @property
    def finished(self) -> bool:
        """Whether all of it is delivered and its handle is closed."""
        return self.stage is Stage.FINISHED

    @property
    def unread(self) -> int:
        """Return the number of bytes that are not read yet."""
        return max(0, self.size - self.read_offset)

    @property
    def delivered(self) -> bool:
        """Whether everything that was read is acknowledged."""
        return not self.progress.pending and self.progress.offset == self.read_offset

    def held(self) -> int:
        """Return the handle. Raises OSError without one."""
        if self.handle is None:
            raise OSError(f"{self.path} is not open")
        return self.handle

    # From stage to stage.

    def begin(self, seen: Seen) -> None:
        """Take note of the first look. Raises OSError."""
        self.size = self.seen_bytes = seen.size
        self.mtime_s = seen.mtime_s
        self.first_seen = self.beginning()

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue where a checkpoint says, which describes this file. Raises OSError."""
        self.key, self.generation = checkpoint.key, checkpoint.generation
        self.planned = list(checkpoint.planned)
        self._start_at(checkpoint.offset)
        self.decide()
        if checkpoint.path != self.path:
            self.rename(self.path)

    def skip_to_end(self, offset: int) -> None:
        """Read only what comes behind `offset`. Raises OSError."""
        self._start_at(offset)
        self.decide()

    def decide(self) -> None:
        """The file is not the copy of another: it may be read."""
        if self.stage is Stage.CANDIDATE:
            self.stage = Stage.ROTATED if self.moved else Stage.LIVE

    def name(self, key: str, generation: int) -> None:
        """Set what the event ids begin with."""
        self.key, self.generation = key, generation

    def rename(self, path: str) -> None:
        """The file is found under another name."""
        self.path, self.moved = path, True
        if self.stage is Stage.LIVE:
            self.stage = Stage.ROTATED

    def rotate(self) -> None:
        """No path of the pattern leads to the file any more."""
        self.matched = False
        self.rename(self.path)

    def reappear(self, paths: list[str]) -> None:
        """These paths of the pattern lead to the file."""
        self.matched = True
        if self.path not in paths:
            self.rename(paths[0])

    def hold(self, *, complete: bool) -> None:
        """Leave an open record to wait; `complete`: all of the file was looked at."""
        self.held_size = self.size if complete else -1

    def finish(self) -> None:
        """Close the handle and keep what is known of the file. Raises OSError."""
        self.stage = Stage.FINISHED
        if self.key:
            self.last_checkpoint = self.checkpoint(0.0)
        self.close()

    def truncate(self, now_s: float) -> "TailedFile":
        """What was read is gone: return the file that follows under the same inode number.

        The handle goes to the successor. What is known of this file stays, to look for a copy of it.
        Raises OSError.
        """
        successor = TailedFile(
            self.disk, self.held(), self.path, self.inode, now_s=now_s, generation=self.generation + 1
        )
        successor.matched, successor.moved = self.matched, self.rotated
        successor.decide()
        successor.begin(self.disk.look_at(successor.held()))
        self.handle = None
        self.rotate()
        return successor

    def continue_in(self, copy: "TailedFile") -> None:
        """Read the rest of a truncated file from its copy, whose handle it takes over."""
        self.handle, copy.handle = copy.handle, None
        self.inode, self.size, self.matched = copy.inode, copy.size, copy.matched
        self.rename(copy.path)
        self.decide()
        self.shrunk = self.registered = False  # where to find it has changed

    def move_to(self, disk: Disk, now_s: float) -> "TailedFile":
        """Return the same file from its last acknowledged byte on, with its handle. Raises OSError."""
        file = TailedFile(disk, self.held(), self.path, self.inode, now_s=now_s)
        file.begin(disk.look_at(file.held()))
        file.resume(self.checkpoint(0.0))
        file.rotate()
        self.handle = None
        return file

    def close(self) -> None:
        """Give the handle back."""
        self.end_diversion()
        if self.handle is not None:
            self.disk.close(self.handle)
            self.handle = None

    # Reading.

    def look(self, now_s: float) -> None:
        """Look at the size, where there is a handle. Raises OSError."""
        if self.handle is None:
            return
        seen = self.disk.look_at(self.handle)
        if seen.size != self.size or seen.mtime_s != self.mtime_s:
            if seen.size < self.size:
                self.seen_bytes = max(self.seen_bytes, self.size)
                # Of a file that was not read yet, every byte that was seen counts as known.
                self.shrunk |= self.read_offset == 0
            self.shrunk |= seen.size < self.read_offset
            self.scanned = max(self.read_offset, min(self.scanned, seen.size))
            self.size, self.mtime_s = seen.size, seen.mtime_s
            self.changed_s = now_s
            self.touched = True

    def verify(self) -> int:
        """Compare what was read last with what is there now. Raises Truncated, OSError.

        Return how many bytes were cut off behind it, unread.
        """
        self.touched = False
        if self.shrunk or self.size < self.read_offset:
            raise Truncated
        cut = max(0, self.seen_bytes - self.size)
        self.read(0)
        self.seen_bytes = self.size
        return cut

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes from read_offset on. Raises Truncated, OSError."""
        if self.handle is None:
            return b""
        if self.read_offset == 0 and self.first_seen:
            data = self.disk.read(self.handle, 0, max(count, len(self.first_seen)))
            if not data.startswith(self.first_seen):
                raise Truncated
            data = data[:count]
        else:
            start = self.read_offset - len(self.tail)
            data = self.disk.read(self.handle, start, count + len(self.tail))
            if not data.startswith(self.tail):
                raise Truncated
            data = data[len(self.tail) :]
        self.seen_bytes = max(self.seen_bytes, self.size)
        return data

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

    def no_line_up_to(self, offset: int) -> None:
        """No line feed stands between read_offset and `offset`."""
        self.scanned = offset

    def consume(self, data: bytes) -> tuple[int, int]:
        """Take `data`, which begins at read_offset; return its span."""
        start = self.read_offset
        if start <= len(self.head) < HEAD_BYTES:
            self.head = (self.head[:start] + data[:HEAD_BYTES])[:HEAD_BYTES]
        self.read_offset = self.scanned = start + len(data)
        self.tail = (self.tail + data)[-TAIL_BYTES:] if len(data) < TAIL_BYTES else data[-TAIL_BYTES:]
        return start, self.read_offset

    def jump(self, offset: int) -> tuple[int, int]:
        """Leave out what stands before `offset`; return the span left out. Raises OSError."""
        start = self.read_offset
        tail = self.before(offset)
        if len(self.head) < HEAD_BYTES:
            self.head = self.beginning()[:offset]
        self.read_offset = self.scanned = offset
        self.tail = tail
        return start, offset

    def divert(self, to: LongLine | None) -> None:
        """A line that begins at read_offset is too long for memory: it goes to `to`, or nowhere."""
        self.skipping, self.long_line, self.skip_start = True, to, self.read_offset

    def end_diversion(self) -> None:
        """The long line is at its end."""
        if self.long_line is not None:
            self.long_line.close()
        self.skipping, self.long_line = False, None

    def beginning(self) -> bytes:
        """Return the first HEAD_BYTES as they are now. Raises OSError."""
        return b"" if self.handle is None else self.disk.read(self.handle, 0, HEAD_BYTES)

    def before(self, offset: int) -> bytes:
        """Return the bytes of the tail mark of `offset` as they are now. Raises OSError."""
        if self.handle is None:
            return b""
        start = tail_start(offset)
        return self.disk.read(self.handle, start, offset - start)

    # What is on its way, and what is written down.

    def hand_over(self, start: int, end: int) -> None:
        """A span is on its way. Raises ValueError for an empty one."""
        self.progress.add(start, end)

    def plan(self, end: int) -> None:
        """A unit that ends at `end` is on its way, and must be made again as it is after a crash."""
        if not self.sent_plan or self.sent_plan[-1] < end:
            self.sent_plan.append(end)

    def repeated(self) -> None:
        """The next planned unit was made again. It stays in the plan, which may be written before it goes."""
        self.sent_plan.append(self.planned.pop(0))

    def drop_plan(self) -> None:
        """The file is shorter than what was planned."""
        self.planned.clear()

    def acknowledge(self, start: int) -> bool:
        """The span that begins at `start` is delivered; return True when the checkpoint moved."""
        moved = self.progress.acknowledge(start)
        if moved:
            offset = self.progress.offset
            self.sent_plan = [end for end in self.sent_plan if end > offset]
        return moved

    def register(self) -> None:
        """The checkpoint was written down."""
        self.registered = bool(self.key and self.head)

    def checkpoint(self, now_s: float) -> Checkpoint:
        """Return what to write down about the file now. Raises OSError."""
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

    def _start_at(self, offset: int) -> None:
        self.head = self.beginning()[:offset][:HEAD_BYTES]
        self.read_offset = self.scanned = offset
        self.progress = Progress(offset)
        self.tail = self.before(offset)
