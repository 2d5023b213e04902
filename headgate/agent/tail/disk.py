"""The file system, as far as files are followed: list, open, stat, read. The only place that touches it.

Handles are plain file descriptors. Files are opened without blocking, and anything but a regular file is
refused.
"""

import ctypes
import errno
import os
import posixpath
import stat
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from headgate.agent.config.fileglob import FilePattern

_STATX_BTIME = 0x800  # Source: linux/stat.h
_AT_EMPTY_PATH = 0x1000
_STATX_BYTES = 256


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

    def __init__(self) -> None:
        self._statx = _find_statx()

    def names(self, directory: str) -> list[str]:
        """The names in a directory; none when it is not there."""
        try:
            return os.listdir(directory)  # noqa: PTH208 - names, not Path objects: called for every event
        except FileNotFoundError:
            return []

    def look(self, path: str) -> Seen:
        """A look at a path, links followed."""
        return _seen(os.stat(path))  # noqa: PTH116 - called for every event

    def open(self, path: str) -> int:
        """A handle of a regular file."""
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise NotRegular(f"{path} is not a regular file")
        except OSError:
            os.close(handle)
            raise
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


class Directory:
    """The directory of one pattern."""

    def __init__(self, pattern: FilePattern, disk: Disk, report: Report) -> None:
        self._pattern, self._disk, self._report = pattern, disk, report

    def matching(self, known: Iterable[str]) -> list[str]:
        """The paths that match, sorted; `known` when the directory cannot be listed."""
        try:
            names = self._disk.names(self._pattern.directory)
        except OSError as error:
            self._report("list_error", self._pattern.directory, str(error))
            return sorted(known)
        return [self._path(name) for name in sorted(names) if self._pattern.matches(name)]

    def others(self) -> list[str]:
        """The paths that do not match, sorted; none when the directory cannot be listed."""
        try:
            names = self._disk.names(self._pattern.directory)
        except OSError:
            return []
        return [self._path(name) for name in sorted(names) if not self._pattern.matches(name)]

    def inode_of(self, path: str) -> tuple[int, int] | None:
        """Device and inode number; None when it is gone or cannot be looked at."""
        try:
            return self._disk.look(path)[:2]
        except FileNotFoundError:
            return None
        except OSError as error:
            self._report("open_error", path, str(error))
            return None

    def _path(self, name: str) -> str:
        return posixpath.join(self._pattern.directory, name)
