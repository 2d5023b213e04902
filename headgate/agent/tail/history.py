"""What is known of a flow's files from before, where reading of each file begins, and which file is a copy.

One inode number can belong to several files in turn: a file that is truncated and written again, or deleted
and its number used again. Decides which earlier file a file continues, and the key that its event ids begin
with. Never looks for files. Called by fileset.py, which finds them, and by pipeline.py.
"""

from collections.abc import Iterable
from typing import NamedTuple

from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.disk import Disk, end_of_lines
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import HEAD_BYTES, file_key

# A file that has the bytes of another one may be a copy in the making. It is read when it did not change for
# the first time, or after the second: a large copy takes a while, and a twin of a log must be read in time.
_COPY_QUIET_S, _COPY_GROWS_S = 5.0, 30.0
_COMPARED_BYTES = 4096


class Start(NamedTuple):
    """Where files begin that have no checkpoint, when they are there at the first look."""

    first: bool  # the flow has never run
    from_start: bool  # initialPosition is START_OF_FILE
    newest_only: bool  # strict: as the original, only the newest file


class InodeHistory:
    """The checkpoints of a flow's files; `known` has them by key."""

    def __init__(self, flow: str, disk: Disk, known: Iterable[Checkpoint], start: Start) -> None:
        """`flow` is the flow's id, which the files' keys depend on."""
        self.skipped_bytes = 0  # of files that were there before the first start
        self.known = {checkpoint.key: checkpoint for checkpoint in known}
        self._flow = flow
        self._disk = disk
        self._start = start

    def begin(self, file: TailedFile, *, first_look: bool) -> Checkpoint | None:
        """Set where to begin: at the file's checkpoint, at the end, or at 0. Raises OSError.

        Return the newest earlier file of its inode number when that one has ended and `file` replaces it.
        """
        earlier = [known for known in self.known.values() if known.inode[:2] == file.inode[:2]]
        earlier.sort(key=lambda known: known.generation, reverse=True)
        for known in earlier:
            if known.describes(file.inode, file.size, file.beginning(), file.before(known.offset)):
                file.resume(known)
                return None
        if earlier:
            file.name("", earlier[0].generation + 1)
            return earlier[0]
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
        """Give `file` its key, from its first line; return False while that is incomplete. Raises OSError.

        `at_end`: nothing will be added, so what is there is the first line.
        """
        if file.key:
            return True
        beginning = file.beginning()
        first, newline, _ = beginning.partition(b"\n")
        if not (newline or at_end or len(beginning) == HEAD_BYTES):
            return False
        generation = file.generation
        key = file_key(self._flow, file.inode, first, generation)
        while key in self.known and file.read_offset == 0:
            generation += 1
            key = file_key(self._flow, file.inode, first, generation)
        file.name(key, generation)
        return True

    def _skip_to_end(self, file: TailedFile) -> None:
        offset = end_of_lines(self._disk, file.held(), file.size)
        file.skip_to_end(offset)
        self.skipped_bytes += offset
        self.name(file, at_end=True)


def may_read(file: TailedFile, files: Iterable[TailedFile], now_s: float) -> bool:
    """Whether it is decided that `file` is not a copy of one of `files` in the making. Raises OSError.

    Loss weighs more than a copy sent twice: a file is only taken for a copy when its original was truncated.
    """
    if file.decided:
        return True
    beginning = file.beginning()
    if not beginning:
        return False
    if now_s - file.changed_s < _COPY_QUIET_S and now_s - file.attached_s < _COPY_GROWS_S:
        for other in files:
            if other is file or other.rotated or other.handle is None or not (other.head or other.decided):
                continue
            if _may_copy(file, beginning, other):
                return False
    file.decide()
    return True


def holds(copy: TailedFile, origin: TailedFile) -> bool:
    """Whether `copy` holds everything that was read, or else seen, of `origin`. Raises OSError."""
    offset = origin.read_offset
    if copy.handle is None or copy.size < max(offset, 1):
        return False
    if not origin.head:
        known = origin.first_seen
        return bool(known) and copy.size >= origin.seen_bytes and copy.beginning().startswith(known)
    tail = copy.disk.read(copy.handle, offset - len(origin.tail), len(origin.tail))
    return copy.beginning()[: len(origin.head)] == origin.head and tail == origin.tail


def _may_copy(file: TailedFile, beginning: bytes, other: TailedFile) -> bool:
    """Whether all that is compared of `file` stands at the same place in `other`. Raises OSError."""
    theirs = other.beginning()
    shared = min(len(beginning), len(theirs))
    if beginning[:shared] != theirs[:shared]:
        return False
    start = max(0, file.size - _COMPARED_BYTES)
    ours = file.disk.read(file.held(), start, file.size - start)
    # A copy is never longer than its original, and so far it has the same bytes.
    return file.disk.read(other.held(), start, len(ours)) == ours
