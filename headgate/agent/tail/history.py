"""What is known of a flow's files from before, and where reading of each file begins.

An inode has one life after the other: a file that is truncated and written again, or deleted and its number
used again. Decides which life a file goes on with, and the key that its event ids begin with. Never looks for
files. Called by fileset.py, which finds them, and by pipeline.py.
"""

from collections.abc import Iterable
from typing import NamedTuple

from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.disk import Disk, end_of_lines
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import HEAD_BYTES, file_key


class Start(NamedTuple):
    """Where files begin that no checkpoint speaks of, when they are there at the first look."""

    first: bool  # the flow has never run
    from_start: bool  # initialPosition is START_OF_FILE
    newest_only: bool  # strict: as the original, only the newest file


class InodeHistory:
    """`known` are the checkpoints by key."""

    def __init__(self, flow: str, disk: Disk, known: Iterable[Checkpoint], start: Start) -> None:
        """`flow` is the flow's id, which the files' keys depend on."""
        self.skipped_bytes = 0  # of files that were there before the first start
        self.known = {checkpoint.key: checkpoint for checkpoint in known}
        self._flow = flow
        self._disk = disk
        self._start = start

    def begin(self, file: TailedFile, *, first_look: bool) -> Checkpoint | None:
        """Set where to begin: at the file's checkpoint, at the end, or at 0. Raises OSError.

        Gives the last life of its inode when that has ended, and `file` stands in its place.
        """
        lives = [known for known in self.known.values() if known.inode[:2] == file.inode[:2]]
        lives.sort(key=lambda known: known.generation, reverse=True)
        for life in lives:
            head, tail = file.beginning(), file.before(life.offset)
            if life.speaks_of(file.inode, file.size, head, tail):
                file.resume(life, head, tail)
                file.rotated = life.path != file.path
                return None
        if lives:
            file.generation = lives[0].generation + 1
            return lives[0]
        if first_look and self._start.first and not self._start.from_start:
            self._skip_to_end(file)
        return None

    def skip_all_but_newest(self, files: Iterable[TailedFile]) -> None:
        """At the first start of a flow that reads only its newest file. Raises OSError."""
        if not (self._start.newest_only and self._start.first and self._start.from_start):
            return
        fresh = [file for file in files if not file.key]
        fresh.sort(key=lambda file: (-self._disk.look_at(file.held()).mtime_s, file.size))
        for file in fresh[1:]:
            self._skip_to_end(file)

    def name(self, file: TailedFile, *, at_end: bool = False) -> bool:
        """Give `file` its key, from its first line; False while that is not complete. Raises OSError.

        `at_end`: nothing will be added, so what is there is the first line.
        """
        if file.key:
            return True
        beginning = file.beginning()
        first, newline, _ = beginning.partition(b"\n")
        if not (newline or at_end or len(beginning) == HEAD_BYTES):
            return False
        file.key = file_key(self._flow, file.inode, first, file.generation)
        while file.key in self.known and file.read_offset == 0:
            file.generation += 1
            file.key = file_key(self._flow, file.inode, first, file.generation)
        return True

    def _skip_to_end(self, file: TailedFile) -> None:
        offset = end_of_lines(self._disk, file.held(), file.size)
        file.start_at(offset, file.beginning()[:offset], file.before(offset))
        file.judged = True
        self.skipped_bytes += offset
        self.name(file, at_end=True)


_COPY_WAIT_S = 5.0


def may_read(file: TailedFile, files: Iterable[TailedFile], now_s: float) -> bool:
    """Whether it is decided that `file` is not a copy of one of `files` in the making. Raises OSError."""
    if file.judged:
        return True
    beginning = file.beginning()
    if not beginning:
        return False
    for other in files:
        if other is file or other.rotated or other.handle is None or not other.head:
            continue
        alike = now_s - file.changed_s < _COPY_WAIT_S and _begins_like(beginning, other.head)
        if alike and (file.size < other.read_offset or holds(file, other)):
            return False
    file.judged = True
    return True


def holds(copy: TailedFile, origin: TailedFile) -> bool:
    """Whether `copy` holds everything that was read of `origin`. Raises OSError."""
    offset = origin.read_offset
    if not origin.head or copy.size < offset or copy.handle is None:
        return False
    tail = copy.disk.read(copy.handle, offset - len(origin.tail), len(origin.tail))
    return copy.beginning()[: len(origin.head)] == origin.head and tail == origin.tail


def _begins_like(beginning: bytes, head: bytes) -> bool:
    """Whether two beginnings of files are the same as far as both go."""
    shared = min(len(beginning), len(head))
    return beginning[:shared] == head[:shared]
