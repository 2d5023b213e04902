"""FILE.rejected.ndjson: every row that will not be stored, with its text and the reason.

An edge: the only writer of that file. A line is handed to the system before the checkpoint can pass its row.
The file is made when the first row is rejected; a run that starts at the first row replaces an older one.
"""

import base64
import json
import sys
import threading
from pathlib import Path
from typing import IO

from headgate.send.errors import AbortError
from headgate.send.rows import BadRow

RAW_MAX_CHARS = 1_000_000  # of a row in the file (of bytes as many); the row number finds the rest
_NO_ROW = sys.maxsize
_FIRST_LINE_CHARS = 64  # enough to know a file of ours


class Rejects:
    """The rejects file of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: IO[str] | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise AbortError when the file exists and no run of ours wrote it: it would be replaced."""
        try:
            if not self.path.is_file():
                return
            with self.path.open(encoding="utf-8") as file:
                first = file.readline(_FIRST_LINE_CHARS)
        except (OSError, ValueError) as error:
            raise AbortError(f"cannot read {self.path}: {_reason(error)}") from None
        if first and not first.startswith('{"row": '):
            raise AbortError(f"{self.path} is not a rejects file; --rejects names another place")

    def begin(self, *, after_row: int = 0) -> None:
        """Remove the lines of an earlier run about rows that are sent again now. Raises AbortError."""
        try:
            if not self.path.is_file():  # nothing there, or a pipe or device, which only takes lines
                return
            if after_row == 0:
                self.path.unlink()
                return
            keep = self.path.with_name(self.path.name + ".tmp")
            with self.path.open(encoding="utf-8") as old, keep.open("w", encoding="utf-8") as new:
                new.writelines(line for line in old if _row_of(line) <= after_row)
            keep.replace(self.path)
            if not self.path.stat().st_size:
                self.path.unlink()
        except (OSError, ValueError) as error:
            raise AbortError(f"cannot rewrite {self.path}: {_reason(error)}") from None

    def add(self, row: BadRow) -> None:
        """Write one row. Raises AbortError when that fails: no rejected row is dropped in silence."""
        with self._lock:
            self.count += 1
            try:
                if self._file is None:
                    self._file = self.path.open("a", encoding="utf-8")
                self._file.write(line_of(row))
                self._file.flush()
            except OSError as error:
                message = f"cannot write {self.path}: {_reason(error)}; --rejects names another place"
                raise AbortError(message) from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def line_of(row: BadRow) -> str:
    """Return one line of the rejects file."""
    fields: dict[str, object] = {
        "row": row.number,
        "line": row.line,
        "code": row.code,
        "pointer": row.pointer,
        "message": row.message,
    }
    if row.errors:
        fields["errors"] = row.errors
    kept = row.raw[:RAW_MAX_CHARS]
    if isinstance(kept, str):
        fields["raw"] = kept
    else:  # escapes in text could not be told from a row that holds the characters of an escape
        fields["raw_base64"] = base64.b64encode(kept).decode()
    if len(row.raw) > RAW_MAX_CHARS:
        fields["raw_chars" if isinstance(kept, str) else "raw_bytes"] = len(row.raw)
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace").decode() + "\n"


def _row_of(line: str) -> int:
    """Return the row number of a line. A line cut short by a crash is of no acknowledged row."""
    try:
        row = json.loads(line)["row"]
    except (ValueError, TypeError, KeyError):
        return _NO_ROW
    return row if isinstance(row, int) else _NO_ROW


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
