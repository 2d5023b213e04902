"""The rejects file: every line that could not be sent, whole, with the reason. NDJSON, appended, synced.

Nothing is rejected in silence and nothing is cut: a checkpoint passes a rejected line only after `sync`. What
finds no room is counted by the caller, so a full disk or a reached limit stops no flow.
"""

import base64
import contextlib
import errno
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

FILE_NAME = "rejects.ndjson"
_RAW_DIRECTORY = "rejects"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Reject(NamedTuple):
    """One line that is not sent."""

    flow: str
    path: str
    offset: int
    event_id: str
    code: str
    message: str
    data: bytes


class LongLine:
    """The file of one line that is too long for memory; `kept` says whether there was room for all of it."""

    def __init__(self, path: Path, room_bytes: int) -> None:
        self.path = path
        self.kept = True
        self._room_bytes = room_bytes
        self._file = path.open("wb", buffering=0)

    def write(self, data: bytes) -> None:
        """Append a piece of the line. Raises OSError, but not for a full disk."""
        self._room_bytes -= len(data)
        if self._room_bytes < 0:
            self._discard()
        while data and self.kept:
            try:
                data = data[self._file.write(data) :]
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                self._discard()

    def sync(self) -> None:
        """After this, the line survives a power cut. Raises OSError."""
        if self.kept:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Give the handle back."""
        self._file.close()

    def _discard(self) -> None:
        self.kept = False
        self.path.unlink(missing_ok=True)


class Rejects:
    """Appends to the rejects file of a state directory. Methods raise OSError, but not for a full disk.

    The limit covers the file and all files of long lines.
    """

    def __init__(self, directory: Path, max_bytes: int, now: Callable[[], datetime] = _utc_now) -> None:
        self.path = directory / FILE_NAME
        self._raw = directory / _RAW_DIRECTORY
        self._max_bytes, self._now = max_bytes, now
        self._raw_bytes = self._sum_raw()
        self._file: BinaryIO | None = None
        self._dirty = False

    def write(self, rejects: list[Reject]) -> int:
        """Append them; return how many found no room, under the limit or on the disk, and are counted."""
        time = self._now().isoformat(timespec="milliseconds")
        if self._file is None:
            self._file = self.path.open("ab", buffering=0)
        start = size = self._file.tell()
        room_bytes = self._max_bytes - self._raw_bytes
        ends: list[int] = []
        data = bytearray()
        for reject in rejects:
            line = _line(reject, time)
            if size + len(line) > room_bytes:
                break
            data += line
            size += len(line)
            ends.append(size)
        written = start + self._append(bytes(data))
        if written < size:
            # A line is kept whole or not at all.
            self._file.truncate(max([start, *(end for end in ends if end <= written)]))
        return len(rejects) - sum(end <= written for end in ends)

    def sync(self) -> None:
        """After this, what was written survives a power cut."""
        if self._dirty and self._file is not None:
            os.fsync(self._file.fileno())
            self._dirty = False

    def open_raw(self, key: str, offset: int) -> LongLine:
        """Return a file of its own for a line that is too long for memory."""
        self._raw.mkdir(exist_ok=True)
        self._raw_bytes = self._sum_raw()
        used = self.path.stat().st_size if self.path.exists() else 0
        return LongLine(self._raw / f"{key}-{offset}.raw", self._max_bytes - self._raw_bytes - used)

    def close(self) -> None:
        """Give the handle back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, data: bytes) -> int:
        """Write as much as there is room for; return how many bytes. A raw write may be short."""
        written = 0
        while self._file is not None and written < len(data):
            self._dirty = True
            try:
                written += self._file.write(data[written:])
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                break
        return written

    def _sum_raw(self) -> int:
        with contextlib.suppress(FileNotFoundError):
            return sum(path.stat().st_size for path in self._raw.iterdir())
        return 0


def _line(reject: Reject, time: str) -> bytes:
    fields: dict[str, object] = {"time": time, **reject._asdict()}
    data = reject.data
    try:
        fields["data"] = data.decode()
    except UnicodeDecodeError:
        del fields["data"]
        fields["data_base64"] = base64.b64encode(data).decode()
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
