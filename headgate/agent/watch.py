"""Waiting: for inotify on the flows' directories, a pipe from the sending threads, or a time-out.

Falls back to polling where there is no inotify (another system, a directory on NFS, too many watches): the
main loop looks at every file from time to time anyhow.

Source: inotify(7).
"""

import contextlib
import ctypes
import errno
import os
import select
import struct
from collections.abc import Iterable
from typing import Any

_ACCESS_BITS = {
    "modify": 0x2,
    "attrib": 0x4,
    "moved_from": 0x40,
    "moved_to": 0x80,
    "create": 0x100,
    "delete": 0x200,
}
_ONLY_DIRECTORY = 0x01000000
_MASK = sum(_ACCESS_BITS.values()) | _ONLY_DIRECTORY
_MODIFY, _OVERFLOW, _IGNORED = 0x2, 0x4000, 0x8000
_HEADER = struct.Struct("iIII")
_READ_BYTES = 64 * 1024


class Watcher:
    """Wakes the main loop and says in which directories something came, went or was renamed."""

    def __init__(self, directories: Iterable[str], *, use_inotify: bool = True) -> None:
        self._wanted = set(directories)
        self._libc: Any = None
        self._inotify = self._open_inotify() if use_inotify else -1
        self._watched: dict[int, str] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._wake_read, select.POLLIN)
        if self._inotify >= 0:
            self._poll.register(self._inotify, select.POLLIN)
        self.add_missing()

    @property
    def complete(self) -> bool:
        """Whether every directory is watched, so that polling can be slow."""
        return self._inotify >= 0 and len(set(self._watched.values())) == len(self._wanted)

    def add_missing(self) -> None:
        """Watch directories that could not be watched before; one that is not there yet may have come."""
        if self._inotify < 0:
            return
        for directory in self._wanted - set(self._watched.values()):
            watch = self._libc.inotify_add_watch(self._inotify, os.fsencode(directory), _MASK)
            if watch >= 0:
                self._watched[watch] = directory

    def watch_only(self, directories: Iterable[str]) -> None:
        """Other directories from now on."""
        wanted = set(directories)
        if wanted == self._wanted:
            return
        self._wanted = wanted
        for watch in [watch for watch, path in self._watched.items() if path not in self._wanted]:
            self._libc.inotify_rm_watch(self._inotify, watch)
            del self._watched[watch]
        self.add_missing()

    def wake(self) -> None:
        """Wake the main loop, from any thread or a signal handler."""
        # A full pipe wakes just as well.
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"x")

    def wait(self, seconds: float) -> dict[str, set[str]]:
        """Until something happens, at most so long; the names that came or went in each changed directory.

        A file that was only written to changes its directory without being named.
        """
        changed: dict[str, set[str]] = {}
        for handle, _ in self._poll.poll(max(0, round(seconds * 1000))):
            if handle == self._wake_read:
                os.read(self._wake_read, _READ_BYTES)
            else:
                self._read_events(changed)
        return changed

    def pause(self, seconds: float) -> None:
        """Let changes of files gather for so long; `wake` still ends it."""
        if select.select([self._wake_read], [], [], seconds)[0]:
            os.read(self._wake_read, _READ_BYTES)

    def close(self) -> None:
        """Give the handles back."""
        for handle in (self._wake_read, self._wake_write, self._inotify):
            if handle >= 0:
                os.close(handle)

    def _open_inotify(self) -> int:
        try:
            self._libc = ctypes.CDLL(None, use_errno=True)
            return int(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        except (OSError, AttributeError):
            return -1

    def _read_events(self, changed: dict[str, set[str]]) -> None:
        try:
            data = os.read(self._inotify, _READ_BYTES)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return
            raise
        position = 0
        while position < len(data):
            watch, mask, _, length = _HEADER.unpack_from(data, position)
            position += _HEADER.size
            name = os.fsdecode(data[position : position + length].rstrip(b"\0"))
            position += length
            if mask & _OVERFLOW:
                for directory in self._wanted:
                    changed.setdefault(directory, set()).add("")
            elif mask & _IGNORED:
                self._watched.pop(watch, None)
            elif watch in self._watched:
                names = changed.setdefault(self._watched[watch], set())
                if mask & ~_MODIFY:
                    names.add(name)
