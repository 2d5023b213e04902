"""The rejects file: every line that could not be sent, whole, with the reason. NDJSON, appended, synced.

Nothing is rejected in silence and nothing is cut: a checkpoint passes a rejected line only after `sync`.
"""

import base64
import json
import os
from pathlib import Path
from typing import BinaryIO, NamedTuple

FILE_NAME = "rejects.ndjson"
_RAW_DIRECTORY = "rejects"


class Reject(NamedTuple):
    """One line that is not sent."""

    flow: str
    path: str
    offset: int
    event_id: str
    code: str
    message: str
    data: bytes


class Rejects:
    """Appends to the rejects file of a state directory. Every method raises OSError when the disk refuses."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self.path = directory / FILE_NAME
        self._raw = directory / _RAW_DIRECTORY
        self._max_bytes = max_bytes
        self._file: BinaryIO | None = None
        self._dirty = False

    def write(self, rejects: list[Reject], time: str) -> int:
        """Append them; how many did not fit under the size limit any more and are counted instead."""
        lines = [_line(reject, time) for reject in rejects]
        if self._file is None:
            self._file = self.path.open("ab", buffering=0)
        size = self._file.tell()
        kept: list[bytes] = []
        for line in lines:
            if size + len(line) > self._max_bytes:
                break
            kept.append(line)
            size += len(line)
        data = b"".join(kept)
        # A raw write may be short, on a full disk for one.
        while data:
            self._dirty = True
            data = data[self._file.write(data) :]
        return len(lines) - len(kept)

    def sync(self) -> None:
        """After this, what was written survives a power cut."""
        if self._dirty and self._file is not None:
            os.fsync(self._file.fileno())
            self._dirty = False

    def open_raw(self, key: str, offset: int) -> BinaryIO:
        """A file of its own for a line that is too long for memory."""
        self._raw.mkdir(exist_ok=True)
        return (self._raw / f"{key}-{offset}.raw").open("wb")

    def close(self) -> None:
        """Give the handle back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(reject: Reject, time: str) -> bytes:
    fields: dict[str, object] = {"time": time, **reject._asdict()}
    data = reject.data
    try:
        fields["data"] = data.decode()
    except UnicodeDecodeError:
        del fields["data"]
        fields["data_base64"] = base64.b64encode(data).decode()
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
