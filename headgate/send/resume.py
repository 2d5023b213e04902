"""FILE.resume.json: how far a run has come, so that `--resume` goes on there.

The checkpoint is the last row of the longest acknowledged prefix of batches: with several workers a later
batch may be done too, and is then sent once more under the same key. It never passes a row that is neither
acknowledged nor in the rejects file. When `--limit` ended a run in the middle of a batch, the next one begins
with that batch once more: only so do the rows behind the limit get the ids that they have in every other run.
Written at most a few times a second, whole, by rename.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from headgate.send.errors import AbortError

WRITE_EVERY_S = 0.25
_VERSION = 2


class Mark(NamedTuple):
    """Where a batch ends."""

    row: int
    share: float | None = None  # of everything that will be sent, from 0 to 1; None when nobody can know


class Prefix:
    """The longest prefix of batches that are done; they are issued in order and end in any order."""

    def __init__(self) -> None:
        self._ends: dict[int, Mark] = {}  # of batches that are open, or done behind an open one
        self._done: set[int] = set()
        self._issued = 0
        self._oldest = 0

    def issue(self, end: Mark) -> int:
        """Return the number of the next batch."""
        number = self._issued
        self._ends[number] = end
        self._issued += 1
        return number

    def done(self, number: int) -> Mark | None:
        """Note that a batch is acknowledged. Return the new end of the prefix, or None."""
        self._done.add(number)
        end = None
        while self._oldest in self._done:
            self._done.remove(self._oldest)
            end = self._ends.pop(self._oldest)
            self._oldest += 1
        return end


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The content of the checkpoint's file."""

    fingerprint: str
    options: dict[str, Any]  # that must be the same, so that the batches are
    row: int  # a batch begins after it, and everything up to it is acknowledged or rejected
    reached: int  # as far is everything acknowledged or rejected: `row`, or where --limit cut the next batch


class Start(NamedTuple):
    """Where a run begins in the file."""

    row: int = 0  # after this row
    reached: int = 0  # what is sent up to here is sent once more, and does not count for --limit


class ResumeFile:
    """The checkpoint's file. A run without one (a pipe, made-up events) has no such object."""

    def __init__(self, path: Path, fingerprint: str, options: dict[str, Any]) -> None:
        self.path = path
        self.row = 0  # as in Checkpoint
        self.reached = 0
        self.problem: str | None = None  # why the last write failed
        self._fingerprint = fingerprint
        self._options = options
        self._due_s = 0.0
        self._saved = (0, 0)

    def load(self) -> Start:
        """Return where to go on; the beginning without a file. Raises AbortError when it does not fit."""
        try:
            saved = json.loads(self.path.read_text(encoding="utf-8"))
            if saved.pop("version") != _VERSION:
                raise AbortError(f"{self.path} is of another version; start without --resume")
            checkpoint = Checkpoint(**saved)
            start = Start(int(checkpoint.row), int(checkpoint.reached))
        except FileNotFoundError:
            return Start()
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise AbortError(f"{self.path} is damaged; delete it and start without --resume") from None
        if different := sorted(k for k, v in self._options.items() if checkpoint.options.get(k) != v):
            names = ", ".join(different)
            raise AbortError(f"--resume needs the options of the first run; different are: {names}")
        if checkpoint.fingerprint != self._fingerprint:
            raise AbortError(
                "the file, or how it is read, has changed since the first run; start without --resume"
            )
        self.row, self.reached = self._saved = start
        return start

    def advance(self, row: int, now_s: float) -> None:
        """Note that every row up to `row` has its outcome; write it when the last write is long ago."""
        self.row, self.reached = row, max(self.reached, row)
        if now_s >= self._due_s:
            self._due_s = now_s + WRITE_EVERY_S
            self.save()

    def stop_at(self, row: int) -> None:
        """Note that the run stops after this row, perhaps in the middle of a batch."""
        self.reached = max(self.reached, row)
        self.save()

    def save(self) -> None:
        """Write now when something has changed. A failure is kept in `problem`, and sending goes on."""
        if (self.row, self.reached) == self._saved:
            return
        checkpoint = Checkpoint(self._fingerprint, self._options, self.row, self.reached)
        text = json.dumps({"version": _VERSION, **asdict(checkpoint)})
        fresh = self.path.with_name(self.path.name + ".tmp")
        try:
            fresh.write_text(text + "\n", encoding="utf-8")
            fresh.replace(self.path)
        except OSError as error:
            self.problem = f"cannot write {self.path}: {error.strerror}"
        else:
            self.problem = None
            self._saved = (self.row, self.reached)

    def remove(self) -> None:
        """Remove the file of a complete run."""
        self.path.unlink(missing_ok=True)
