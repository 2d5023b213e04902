"""What a flow's directory lists: the paths of its pattern, the others, and their inodes.

What cannot be listed or looked at is reported and left as it was. Called by fileset.py.
"""

import posixpath
from collections.abc import Iterable
from typing import Protocol

from headgate.agent.fileglob import FilePattern
from headgate.agent.tail.disk import Disk


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
