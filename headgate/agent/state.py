"""The checkpoints on disk: one file, replaced as a whole, synced, with the one before it kept.

A crash at any moment leaves this file or the previous one readable (A02). One process per directory (A13).
When the disk refuses, `save` raises and nothing moves (A12).
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

from headgate.agent.tail.checkpoint import Checkpoint, from_json
from headgate.agent.tail.identity import digest

FILE_NAME, PREVIOUS_NAME = "checkpoints.json", "checkpoints.previous.json"
_FORMAT = "headgate-agent-checkpoints"
_VERSION = 1

Checkpoints = Mapping[str, list[Checkpoint]]
"""By flow id. A flow that has run is a key, though it may have no file yet."""


class StateError(Exception):
    """The state directory cannot be used; the message is for a person."""


class Syscalls(Protocol):
    """The calls of one save, so that a test can stop after any of them."""

    def write_synced(self, path: Path, data: bytes) -> None:
        """Write a new file and sync it."""
        ...

    def replace(self, source: Path, target: Path) -> None:
        """Rename over."""
        ...

    def sync_directory(self, path: Path) -> None:
        """Make renames in a directory durable."""
        ...


class RealSyscalls:
    """The operating system."""

    def write_synced(self, path: Path, data: bytes) -> None:
        """Write a new file and sync it."""
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def replace(self, source: Path, target: Path) -> None:
        """Rename over."""
        source.replace(target)

    def sync_directory(self, path: Path) -> None:
        """Make renames in a directory durable."""
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class State:
    """The store of one state directory."""

    def __init__(self, directory: Path, calls: Syscalls | None = None) -> None:
        self.directory = directory
        self._calls = calls or RealSyscalls()
        self._lock: BinaryIO | None = None

    def lock(self) -> None:
        """Make the directory and take it for this process. Raises StateError."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            self._lock = (self.directory / "lock").open("ab")
        except OSError as error:
            raise StateError(
                f"the state directory {self.directory} cannot be used: {error.strerror}"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            raise StateError(f"another agent is running with the state directory {self.directory}") from None

    def problem(self) -> str | None:
        """Why the directory cannot be used, found without making it or taking it; None when it can."""
        place = self.directory.absolute()
        try:
            while not place.exists() and place != place.parent:
                place = place.parent
            # Asking for permissions is not enough: root may write to /proc, which takes no file.
            tempfile.TemporaryDirectory(prefix=".headgate-check-", dir=place).cleanup()
        except OSError as error:
            return f"the state directory {self.directory} cannot be used: {error.strerror}"
        return None

    def unlock(self) -> None:
        """Let another process have the directory."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def load(self) -> dict[str, list[Checkpoint]]:
        """The checkpoints; the previous file's when the newer is torn. Raises StateError when both are."""
        broken: list[str] = []
        for name in (FILE_NAME, PREVIOUS_NAME):
            try:
                text = (self.directory / name).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StateError(f"{self.directory / name} cannot be read: {error.strerror}") from None
            found = decode(text)
            if found is not None:
                return found
            broken.append(name)
        if broken:
            raise StateError(
                f"{self.directory}: {' and '.join(broken)} are damaged. "
                "Move them away to begin without checkpoints"
            )
        return {}

    def save(self, checkpoints: Checkpoints) -> None:
        """Replace the file. Raises OSError, and then the file is what it was."""
        new = self.directory / (FILE_NAME + ".new")
        current = self.directory / FILE_NAME
        self._calls.write_synced(new, encode(checkpoints))
        if current.exists():
            self._calls.replace(current, self.directory / PREVIOUS_NAME)
        self._calls.replace(new, current)
        self._calls.sync_directory(self.directory)


def encode(checkpoints: Checkpoints) -> bytes:
    """The file's bytes: a header line with a digest of the second line."""
    flows = {flow: [c.to_json() for c in found] for flow, found in checkpoints.items()}
    body = json.dumps({"flows": flows}, separators=(",", ":")).encode()
    header = {"format": _FORMAT, "version": _VERSION, "digest": digest(body)}
    return json.dumps(header).encode() + b"\n" + body + b"\n"


def decode(text: bytes) -> dict[str, list[Checkpoint]] | None:
    """The inverse of `encode`; None for an empty, torn or foreign file."""
    first, _, rest = text.partition(b"\n")
    try:
        header = json.loads(first)
        if (
            header["format"] != _FORMAT
            or header["version"] != _VERSION
            or header["digest"] != digest(rest[:-1])
        ):
            return None
        flows = json.loads(rest)["flows"]
        return {flow: [from_json(value) for value in found] for flow, found in flows.items()}
    except (ValueError, KeyError, TypeError):
        return None
