"""The file system, as far as files are followed: list, open, stat, read. The only place that touches it.

Handles are plain file descriptors. Files are opened without blocking, and anything but a regular file is
refused.
"""

import contextlib
import ctypes
import errno
import os
import posixpath
import resource
import stat
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from headgate.agent.config.fileglob import FilePattern, is_compressed
from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.compressed import unpack

_STATX_BTIME = 0x800  # Source: linux/stat.h
_AT_EMPTY_PATH = 0x1000
_STATX_BYTES = 256
_RESERVE_MIN, _RESERVE_MAX = 24, 256  # handles for sockets, state, rejects and the watcher


class NotRegular(OSError):
    """A directory, pipe or device matches the pattern."""


class Seen(NamedTuple):
    """What one look at a file shows."""

    device: int
    number: int
    size: int
    mtime_s: float


class Disk(Protocol):
    """What following needs of a file system. Every method raises OSError."""

    def names(self, directory: str) -> list[str]:
        """The names in a directory; none when it is not there."""
        ...

    def folders(self, directory: str) -> list[tuple[str, bool]]:
        """The directories in a directory, and whether each is a link; none when it cannot be listed."""
        ...

    def handles_left(self) -> int:
        """How many more files may be open; some of the process's handles are kept for sockets and state."""
        ...

    def unpack(self, path: str, known: Checkpoint) -> int | None:
        """A handle of the unread end that a compressed file holds; None for another file's."""
        ...

    def look(self, path: str) -> Seen:
        """A look at a path, links followed."""
        ...

    def open(self, path: str) -> int:
        """A handle of a regular file. Raises NotRegular for another kind."""
        ...

    def look_at(self, handle: int) -> Seen:
        """A look at an open file."""
        ...

    def birth_ns(self, handle: int) -> int | None:
        """When the inode was made, where the file system knows."""
        ...

    def read(self, handle: int, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`."""
        ...

    def next_data(self, handle: int, offset: int) -> int:
        """The offset of the first byte from `offset` on that does not stand in a hole."""
        ...

    def close(self, handle: int) -> None:
        """Give the handle back."""
        ...


class RealDisk:
    """The operating system's file system."""

    def __init__(self, *, scratch: str | None = None, handles_max: int | None = None) -> None:
        """`scratch` is for unpacked files; `handles_max` is the limit of the process less a reserve."""
        self._statx = _find_statx()
        self._scratch = scratch
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        reserve = max(_RESERVE_MIN, min(_RESERVE_MAX, soft // 4))
        self._handles_max = max(1, soft - reserve) if handles_max is None else handles_max
        self._open = 0

    def names(self, directory: str) -> list[str]:
        """The names in a directory; none when it is not there."""
        try:
            return os.listdir(directory)  # noqa: PTH208 - names, not Path objects: called for every event
        except FileNotFoundError:
            return []

    def folders(self, directory: str) -> list[tuple[str, bool]]:
        """The directories in a directory, and whether each is a link; none when it cannot be listed."""
        try:
            with os.scandir(directory) as entries:
                return sorted((entry.name, entry.is_symlink()) for entry in entries if entry.is_dir())
        except OSError:
            return []

    def handles_left(self) -> int:
        """How many more files may be open."""
        return self._handles_max - self._open

    def unpack(self, path: str, known: Checkpoint) -> int | None:
        """A handle of the unread end that a compressed file holds; None for another file's."""
        handle = unpack(path, known, self._scratch)
        self._open += handle is not None
        return handle

    def look(self, path: str) -> Seen:
        """A look at a path, links followed."""
        return _seen(os.stat(path))  # noqa: PTH116 - called for every event

    def open(self, path: str) -> int:
        """A handle of a regular file."""
        if self._open >= self._handles_max:
            raise OSError(errno.EMFILE, "as many files are open as may be")
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise NotRegular(f"{path} is not a regular file")
        except OSError:
            os.close(handle)
            raise
        self._open += 1
        return handle

    def look_at(self, handle: int) -> Seen:
        """A look at an open file."""
        return _seen(os.fstat(handle))

    def birth_ns(self, handle: int) -> int | None:
        """The birth time by statx(2), or None."""
        return self._statx(handle)

    def read(self, handle: int, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`."""
        return os.pread(handle, count, offset)

    def next_data(self, handle: int, offset: int) -> int:
        """The first byte that is stored, as lseek(2) with SEEK_DATA finds it; `offset` where it cannot."""
        try:
            return os.lseek(handle, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole up to the end
                return os.fstat(handle).st_size
            return offset

    def close(self, handle: int) -> None:
        """Give the handle back."""
        self._open -= 1
        os.close(handle)


def _seen(found: os.stat_result) -> Seen:
    return Seen(found.st_dev, found.st_ino, found.st_size, found.st_mtime)


def _find_statx() -> Callable[[int], int | None]:
    """A reader of birth times, or one that knows none where the C library has no statx."""
    try:
        function: Any = ctypes.CDLL(None, use_errno=True).statx
    except (OSError, AttributeError):
        return lambda _handle: None

    def birth_ns(handle: int) -> int | None:
        buffer = bytearray(_STATX_BYTES)
        raw = (ctypes.c_char * _STATX_BYTES).from_buffer(buffer)
        if function(handle, b"", _AT_EMPTY_PATH, _STATX_BTIME, raw) != 0:
            return None
        # struct statx: stx_mask at 0, stx_btime {int64 seconds, uint32 nanoseconds} at 80. Source: statx(2).
        if not int.from_bytes(buffer[0:4], "little") & _STATX_BTIME:
            return None
        seconds = int.from_bytes(buffer[80:88], "little", signed=True)
        return seconds * 1_000_000_000 + int.from_bytes(buffer[88:92], "little")

    return birth_ns


_STEP_BYTES = 64 * 1024


def end_of_lines(disk: Disk, handle: int, size: int) -> int:
    """The offset behind the last line feed; 0 when there is none. Raises OSError."""
    end = size
    while end > 0:
        start = max(0, end - _STEP_BYTES)
        found = disk.read(handle, start, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


class Report(Protocol):
    """Counts and logs what happened to a file."""

    def __call__(self, reason: str, path: str, message: str, lost_bytes: int = 0) -> None:
        """`reason` is a stable word; `lost_bytes` were never read and cannot be any more."""
        ...


class Directories(NamedTuple):
    """Where the files of a pattern stand now, and every directory whose changes matter to that."""

    found: list[str]
    visited: list[str]


def directories(disk: Disk, pattern: FilePattern) -> Directories:
    """Return the directories of a pattern: a literal one even when it is not there; `**` follows no links."""
    found, visited = [pattern.root], [pattern.root]
    for level in pattern.levels:
        below: list[str] = []
        for directory in found:
            if level is None:
                below += _tree(disk, directory)
            else:
                names = [name for name, _ in disk.folders(directory) if level.fullmatch(name)]
                below += [posixpath.join(directory, name) for name in names]
        found = list(dict.fromkeys(below))
        visited += found
    return Directories(found, list(dict.fromkeys(visited)))


def matching_paths(disk: Disk, pattern: FilePattern) -> list[str]:
    """Return the paths that match a pattern now, sorted. Raises OSError."""
    found = directories(disk, pattern).found
    return sorted(
        posixpath.join(each, name) for each in found for name in disk.names(each) if pattern.matches(name)
    )


def _tree(disk: Disk, directory: str) -> list[str]:
    found = [directory]
    for each in found:
        found += [posixpath.join(each, name) for name, is_link in disk.folders(each) if not is_link]
    return found


class Directory:
    """The directories of one pattern; `visited` are those of the last look."""

    def __init__(self, pattern: FilePattern, disk: Disk, report: Report) -> None:
        self._pattern, self._disk, self._report = pattern, disk, report
        self._found = [pattern.root]
        self.visited = [pattern.root]

    def matching(self, known: Iterable[str]) -> list[str]:
        """The paths that match, sorted; of a directory that cannot be listed, those that are `known`."""
        self._found, self.visited = directories(self._disk, self._pattern)
        paths: list[str] = []
        for directory in self._found:
            try:
                names = self._disk.names(directory)
            except OSError as error:
                self._report("list_error", directory, str(error))
                paths += [path for path in known if posixpath.dirname(path) == directory]
                continue
            paths += [posixpath.join(directory, name) for name in names if self._pattern.matches(name)]
        return sorted(paths)

    def exists(self) -> bool:
        """Whether all directories are there, so that a missing file is gone and not out of reach."""
        try:
            return bool(self._found) and all(self._disk.look(directory) for directory in self._found)
        except OSError:
            return False

    def others(self) -> list[str]:
        """The paths that do not match, sorted; none of a directory that cannot be listed."""
        return sorted(path for path in self._paths() if not self._pattern.matches(posixpath.basename(path)))

    def compressed(self) -> list[str]:
        """The compressed files beside those of the pattern, sorted."""
        return [path for path in self.others() if is_compressed(path)]

    def _paths(self) -> Iterable[str]:
        for directory in self._found:
            with contextlib.suppress(OSError):
                yield from [posixpath.join(directory, name) for name in self._disk.names(directory)]

    def inode_of(self, path: str) -> tuple[int, int] | None:
        """Device and inode number; None when it is gone or cannot be looked at."""
        try:
            return self._disk.look(path)[:2]
        except FileNotFoundError:
            return None
        except OSError as error:
            self._report("open_error", path, str(error))
            return None
