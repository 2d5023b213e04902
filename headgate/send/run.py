"""One run from source to summary: the composition root of `headgate send`.

Decides the order of things (probe, scan, checkpoint, batches, crew) and what a run's end means: exit code 0
everything accepted, 3 some rows rejected, 1 ended early. Called by command; everything it touches comes in.
"""

import random
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from headgate.send.abort import AbortError
from headgate.send.batches import Batch, make_batches
from headgate.send.console import Console
from headgate.send.crew import Crew
from headgate.send.opening import open_source
from headgate.send.options import Options
from headgate.send.preview import preview
from headgate.send.progress import progress_line, summary
from headgate.send.rejects import Rejects
from headgate.send.resume import Prefix, ResumeFile
from headgate.send.rows import BadRow, Row
from headgate.send.sender import Books, Job, Sender
from headgate.send.source import Source
from headgate.send.stats import Stats

ACCEPTED, ABORTED, REJECTED = 0, 1, 3


class Turns:
    """The rows of one or more passes as batches, up to the limit."""

    def __init__(self, source: Source, options: Options, after_row: int) -> None:
        self._source = source
        self._options = options
        self._after_row = after_row
        self.taken = 0  # rows, good or bad
        self.exhausted = False  # the source ended before the limit did
        self._sendable = 0

    def batches(self) -> Iterator[Batch | BadRow]:
        """In order; each pass after the first has its own keys."""
        for turn in count(1):
            if turn > self._options.passes:
                break
            prefix = self._source.key + (f".{turn}" if turn > 1 else "")
            before = self._sendable
            yield from make_batches(self._rows(), prefix, self._options.limits)
            if not self.exhausted or self._sendable == before:  # a pass of bad rows only would go on for ever
                break

    def share(self) -> float | None:
        """How much is done, from 0 to 1, or None."""
        of_source = self._source.share() if self._options.passes == 1 else None
        if self._options.limit is None:
            return of_source
        return max(of_source or 0.0, self.taken / max(self._options.limit, 1))

    def _rows(self) -> Iterator[Row | BadRow]:
        self.exhausted = False
        for row in self._source.rows():
            if self._options.limit is not None and self.taken >= self._options.limit:
                return
            if 0 < row.number <= self._after_row:
                continue
            self.taken += 1
            self._sendable += isinstance(row, Row)
            yield row
        self.exhausted = True


def run(options: Options, console: Console) -> int:
    """Send, check, or show. Raises AbortError and UsageError only before anything was sent."""
    with open_source(options, console) as source:
        if options.dry_run:
            preview(Turns(source, options, 0).batches(), options, console)
            return ACCEPTED
        return _Run(source, options, console).run()


class _Run:
    """The state of one run."""

    def __init__(self, source: Source, options: Options, console: Console) -> None:
        self._source = source
        self._options = options
        self._console = console
        self._resume = _resume_file(source, options)
        after_row = self._first_look()
        self._turns = Turns(source, options, after_row)
        rejects = Rejects(options.rejects_path)
        rejects.check()
        self._books = Books(
            Stats(time.monotonic()), rejects, Prefix(), self._resume, time.monotonic, after_row
        )
        self._after_row = after_row

    def run(self) -> int:
        """To the end, whichever it is."""
        sender = Sender(self._options, self._books, random.Random().random)  # noqa: S311 - jitter
        crew = Crew(self._options.concurrency, sender.hire, self._tick)
        sender.sleep = crew.sleep
        problem = None
        try:
            self._send_all(crew)
        except AbortError as error:
            problem = str(error)
            self._stop(crew)
        except KeyboardInterrupt:
            problem = "stopped"
            self._console.note("stopping: waiting for the answers under way (Ctrl-C again leaves them)")
            self._stop(crew)
        except BaseException:
            self._stop(crew)
            raise
        finally:
            self._books.close()
        return self._end(problem)

    def _send_all(self, crew: Crew[Job]) -> None:
        for batch in self._turns.batches():
            if isinstance(batch, BadRow):
                self._books.reject(batch)
                continue
            self._source.verify()
            crew.submit(self._books.open(batch))
            self._tick()
        crew.finish()

    def _stop(self, crew: Crew[Job]) -> None:
        try:
            crew.stop()
        except KeyboardInterrupt:
            self._console.note(
                "left at once; what was under way is sent again by the next run, with the same ids"
            )

    def _end(self, problem: str | None) -> int:
        stats, resume = self._books.stats, self._resume
        self._console.result(summary(stats, time.monotonic(), checking=self._options.check))
        if stats.rejected:
            rows = "1 rejected row is" if stats.rejected == 1 else f"{stats.rejected:,} rejected rows are"
            self._console.note(f"{rows} in {self._books.rejects.path}")
        if resume is not None and resume.problem:
            self._console.note(f"{resume.problem}; --resume will not go on from here")
        if problem is not None:
            self._console.note(f"aborted: {problem}")
            self._console.note(self._hint())
            return ABORTED
        if resume is not None and self._turns.exhausted:
            resume.remove()
        elif resume is not None and resume.row:
            self._console.note(f"stopped at --limit; --resume goes on after row {resume.row:,}")
        if not self._turns.taken:
            why = " after the checkpoint" if self._after_row else self._source.emptiness
            self._console.note(f"there was nothing to send{why}")
        earlier = self._after_row and self._books.rejects.path.is_file()
        return REJECTED if stats.rejected or earlier else ACCEPTED

    def _hint(self) -> str:
        resume = self._resume
        if resume is None:
            return "nothing is kept to resume from"
        if resume.row == 0:
            return "nothing was acknowledged; the next run starts at the first row"
        return f"rows up to {resume.row:,} are done; the same command with --resume goes on after them"

    def _first_look(self) -> int:
        """The row after which to start."""
        resume = self._resume
        if resume is None:
            return 0
        if not self._options.resume:
            if resume.path.exists():
                self._console.note(
                    f"{resume.path} is of a run that stopped early; --resume would go on there"
                )
            return 0
        row = resume.load()
        self._console.note(
            f"going on after row {row:,}" if row else "no checkpoint; starting at the first row"
        )
        return row

    def _tick(self) -> None:
        stats = self._books.stats
        self._console.progress(
            lambda width: progress_line(stats, self._turns.share(), time.monotonic(), width)
        )


def _resume_file(source: Source, options: Options) -> ResumeFile | None:
    if not source.repeatable or options.passes > 1 or options.check or options.path is None:
        return None
    path = Path(f"{options.path}.resume.json")
    return ResumeFile(path, source.fingerprint, options.of_resume())
