"""When a file is the copy of another: what copytruncate makes, as far as bytes can tell.

Loss weighs more than a copy sent twice: a file is only taken for a copy when its original was truncated.
Called by fileset.py, and by flow.py before it reads.
"""

from collections.abc import Iterable

from headgate.agent.tail.file import TailedFile

# A new file that begins like another one may be its copy in the making; so long it is not read.
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
