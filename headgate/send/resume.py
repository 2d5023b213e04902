"""FILE.resume.json: how far a run has come, so that `--resume` goes on there.

The checkpoint is the last row of the longest acknowledged prefix of batches: with several workers a later
batch may be done too, and is then sent once more under the same key. It never passes a row that is neither
acknowledged nor in the rejects file. Written at most a few times a second, whole, by rename.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from headgate.send.abort import AbortError

WRITE_EVERY_S = 0.25
_VERSION = 1


class Prefix:
    """Which batches are done. Numbers are given out in order and come back in any."""

    def __init__(self) -> None:
        self._last_rows: dict[int, int] = {}  # of batches that are open, or done behind an open one
        self._done: set[int] = set()
        self._issued = 0
        self._oldest = 0

    def issue(self, last_row: int) -> int:
        """A number for the next batch."""
        number = self._issued
        self._last_rows[number] = last_row
        self._issued += 1
        return number

    def done(self, number: int) -> int | None:
        """A batch is acknowledged; the last row of the prefix if that moved it."""
        self._done.add(number)
        row = None
        while self._oldest in self._done:
            self._done.remove(self._oldest)
            row = self._last_rows.pop(self._oldest)
            self._oldest += 1
        return row


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a later run must know."""

    fingerprint: str
    options: dict[str, Any]  # that must be the same, so that the batches are
    row: int  # everything up to here is acknowledged or rejected


class ResumeFile:
    """The checkpoint's file. A run without one (a pipe, made-up events) has no such object."""

    def __init__(self, path: Path, fingerprint: str, options: dict[str, Any]) -> None:
        self.path = path
        self.row = 0
        self.problem: str | None = None  # why the last write failed
        self._fingerprint = fingerprint
        self._options = options
        self._due_s = 0.0
        self._saved_row = 0

    def load(self) -> int:
        """The row after which to go on, 0 when there is no file. Raises AbortError when it does not fit."""
        try:
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            version, checkpoint = saved.pop("version"), Checkpoint(**saved)
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise AbortError(f"{self.path} is damaged; delete it and start without --resume") from None
        if version != _VERSION or not isinstance(checkpoint.row, int):
            raise AbortError(f"{self.path} is of another version; start without --resume")
        if different := sorted(k for k, v in self._options.items() if checkpoint.options.get(k) != v):
            names = ", ".join(different)
            raise AbortError(f"--resume needs the options of the first run; different are: {names}")
        if checkpoint.fingerprint != self._fingerprint:
            raise AbortError(
                "the file, or how it is read, has changed since the first run; start without --resume"
            )
        self.row = self._saved_row = checkpoint.row
        return checkpoint.row

    def advance(self, row: int, now_s: float) -> None:
        """Everything up to `row` has its end; written when the last write is long enough ago."""
        self.row = row
        if now_s >= self._due_s:
            self._due_s = now_s + WRITE_EVERY_S
            self.save()

    def save(self) -> None:
        """Write now, if there is something to write. A failure is kept in `problem`: sending goes on."""
        if self.row == self._saved_row:
            return
        text = json.dumps(
            {"version": _VERSION, **asdict(Checkpoint(self._fingerprint, self._options, self.row))}
        )
        fresh = self.path.with_name(self.path.name + ".tmp")
        try:
            fresh.write_text(text + "\n", encoding="utf-8")
            fresh.replace(self.path)
        except OSError as error:
            self.problem = f"cannot write {self.path}: {error.strerror}"
        else:
            self.problem = None
            self._saved_row = self.row

    def remove(self) -> None:
        """The run is complete: there is nothing to go on with."""
        self.path.unlink(missing_ok=True)
