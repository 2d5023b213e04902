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
    """Which batches are done. Numbers are given out in order and come back in any."""

    def __init__(self) -> None:
        self._ends: dict[int, Mark] = {}  # of batches that are open, or done behind an open one
        self._done: set[int] = set()
        self._issued = 0
        self._oldest = 0

    def issue(self, end: Mark) -> int:
        """A number for the next batch."""
        number = self._issued
        self._ends[number] = end
        self._issued += 1
        return number

    def done(self, number: int) -> Mark | None:
        """A batch is acknowledged; the end of the prefix if that moved it."""
        self._done.add(number)
        end = None
        while self._oldest in self._done:
            self._done.remove(self._oldest)
            end = self._ends.pop(self._oldest)
            self._oldest += 1
        return end


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a later run must know."""

    fingerprint: str
    options: dict[str, Any]  # that must be the same, so that the batches are
    row: int  # a batch begins after it, and everything up to it is acknowledged or rejected
    reached: int  # as far is everything acknowledged or rejected: `row`, or where --limit cut the next batch


class Start(NamedTuple):
    """Where a run begins."""

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
        """Where to go on; the beginning when there is no file. Raises AbortError when it does not fit."""
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
        """A batch ends with `row`, as far everything has its end; written when the last write is long ago."""
        self.row, self.reached = row, max(self.reached, row)
        if now_s >= self._due_s:
            self._due_s = now_s + WRITE_EVERY_S
            self.save()

    def stop_at(self, row: int) -> None:
        """The run ends here, in the middle of a batch perhaps; everything up to it has its end."""
        self.reached = max(self.reached, row)
        self.save()

    def save(self) -> None:
        """Write now, if there is something to write. A failure is kept in `problem`: sending goes on."""
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
        """The run is complete: there is nothing to go on with."""
        self.path.unlink(missing_ok=True)
