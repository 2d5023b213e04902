"""One run from source to summary: the composition root of `headgate send`.

Decides the order (probe, scan, checkpoint, batches, workers) and the meaning of the end: exit code 0
everything accepted, 3 some rows rejected, 1 ended early. Called by command.
"""

import random
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from headgate.send.batches import RequestBatch, make_batches
from headgate.send.errors import AbortError
from headgate.send.opening import open_source
from headgate.send.options import SendOptions
from headgate.send.preview import preview
from headgate.send.progress import RetryNotes, duration, progress_line, summary
from headgate.send.rejects import Rejects
from headgate.send.resume import Prefix, ResumeFile, Start
from headgate.send.rows import BadRow, EventRow, RowSource
from headgate.send.sender import BatchSender, Job, RunLedger
from headgate.send.stats import Stats
from headgate.send.worker_pool import WorkerPool
from headgate.terminal import Printer

ACCEPTED, ABORTED, REJECTED = 0, 1, 3
_PAUSE_SHOWN_S = 2.0  # a longer one looks like a run that hangs


class Turns:
    """The rows of one or more passes as batches, up to the limit."""

    def __init__(self, source: RowSource, options: SendOptions, start: Start) -> None:
        self._source = source
        self._options = options
        self._start = start
        self.taken = 0  # rows that count for the limit, good or bad
        self.last_row = start.reached
        self.exhausted = False  # the source ended before the limit did
        self.limited = False  # the limit ended the rows; a batch that comes out now has been cut by it
        self._sendable = 0

    def batches(self) -> Iterator[RequestBatch | BadRow]:
        """Yield the batches in order; each pass after the first has its own keys."""
        for turn in count(1):
            if turn > self._options.passes:
                break
            prefix = self._source.key + (f".{turn}" if turn > 1 else "")
            before = self._sendable
            yield from make_batches(self._rows(), prefix, self._options.limits)
            if not self.exhausted or self._sendable == before:  # a pass of bad rows only would go on for ever
                break

    def share(self) -> float | None:
        """Return how much has been read, from 0 to 1, or None."""
        of_source = self._source.share() if self._options.passes == 1 else None
        if self._options.limit is None:
            return of_source
        return max(of_source or 0.0, self.taken / max(self._options.limit, 1))

    def _rows(self) -> Iterator[EventRow | BadRow]:
        self.exhausted = False
        for row in self._source.rows():
            if 0 < row.number <= self._start.row:
                continue
            if not 0 < row.number <= self._start.reached:
                if self._options.limit is not None and self.taken >= self._options.limit:
                    self.limited = True
                    return
                self.taken += 1
                self.last_row = row.number
            self._sendable += isinstance(row, EventRow)
            yield row
        self.exhausted = True


def run(options: SendOptions, printer: Printer) -> int:
    """Send, check, or show. Raises AbortError and UsageError only before anything was sent."""
    with open_source(options, printer) as source:
        if options.dry_run:
            preview(Turns(source, options, Start()).batches(), options, printer)
            return ACCEPTED
        return _Run(source, options, printer).run()


class _Run:
    """The state of one run."""

    def __init__(self, source: RowSource, options: SendOptions, printer: Printer) -> None:
        self._source = source
        self._options = options
        self._printer = printer
        self._resume = _resume_file(source, options)
        self._notes = RetryNotes()
        start = self._first_look()
        self._turns = Turns(source, options, start)
        rejects = Rejects(options.rejects_path)
        rejects.check()
        self._ledger = RunLedger(
            Stats(time.monotonic()),
            rejects,
            Prefix(),
            self._resume,
            time.monotonic,
            after_row=start.row,
            resumed=options.resume,
        )
        self._start = start

    def run(self) -> int:
        """Send everything; return the exit code."""
        pause_s = self._options.limits.events / self._options.rate_per_s
        if pause_s > _PAUSE_SHOWN_S:
            self._printer.note(
                f"at this --rate, a request of {self._options.limits.events:,} events goes every "
                f"{duration(pause_s)}; --batch-events makes smaller ones, whose ids are others"
            )
        sender = BatchSender(self._options, self._ledger, random.Random().random)  # noqa: S311 - jitter
        pool = WorkerPool(self._options.concurrency, sender.make_worker, self._tick)
        sender.sleep = pool.sleep
        problem = None
        try:
            self._send_all(pool)
        except AbortError as error:
            problem = str(error)
            self._stop(pool)
        except KeyboardInterrupt:
            problem = "stopped"
            self._printer.note("stopping: waiting for the answers under way (Ctrl-C again leaves them)")
            self._stop(pool)
        except BaseException:
            self._stop(pool)
            raise
        finally:
            self._ledger.close()
        return self._end(problem)

    def _send_all(self, pool: WorkerPool[Job]) -> None:
        for batch in self._turns.batches():
            if isinstance(batch, BadRow):
                self._ledger.reject(batch)
                continue
            self._source.verify()
            pool.submit(self._ledger.open(batch, self._turns.share(), cut=self._turns.limited))
            self._tick()
        pool.finish()

    def _stop(self, pool: WorkerPool[Job]) -> None:
        try:
            pool.stop()
        except KeyboardInterrupt:
            self._printer.note(
                "left at once; what was under way is sent again by the next run, with the same ids"
            )

    def _end(self, problem: str | None) -> int:
        stats, resume = self._ledger.stats, self._resume
        self._printer.text(summary(stats, time.monotonic(), checking=self._options.check))
        if stats.rejected:
            rows = "1 rejected row is" if stats.rejected == 1 else f"{stats.rejected:,} rejected rows are"
            self._printer.note(f"{rows} in {self._ledger.rejects.path}")
        if resume is not None and problem is None and not self._turns.exhausted:
            resume.stop_at(self._turns.last_row)
        if resume is not None and resume.problem:
            self._printer.note(f"{resume.problem}; --resume will not go on from here")
        if problem is not None:
            self._printer.note(f"aborted: {problem}")
            self._printer.note(self._hint())
            return ABORTED
        if resume is not None and self._turns.exhausted:
            resume.remove()
        elif resume is not None and resume.reached:
            self._printer.note(f"stopped at --limit; --resume goes on after row {resume.reached:,}")
        if not self._turns.taken:
            why = " after the checkpoint" if self._start.reached else self._source.emptiness
            self._printer.note(f"there was nothing to send{why}")
        earlier = self._start.row and self._ledger.rejects.path.is_file()
        return REJECTED if stats.rejected or earlier else ACCEPTED

    def _hint(self) -> str:
        resume = self._resume
        if resume is None:
            return "nothing is kept to resume from"
        if resume.reached == 0:
            return "nothing was acknowledged; the next run starts at the first row"
        return f"rows up to {resume.reached:,} are done; the same command with --resume goes on after them"

    def _first_look(self) -> Start:
        """Return where to start."""
        resume = self._resume
        if resume is None:
            return Start()
        if not self._options.resume:
            if resume.path.exists():
                self._printer.note(
                    f"{resume.path} is of a run that stopped early; --resume would go on there"
                )
            return Start()
        start = resume.load()
        self._printer.note(
            f"going on after row {start.reached:,}"
            if start.reached
            else "no checkpoint; starting at the first row"
        )
        if start.row < start.reached:
            self._printer.note(
                f"rows {start.row + 1:,} to {start.reached:,} begin the same batch and are sent once more, "
                "under the same ids"
            )
        return start

    def _tick(self) -> None:
        stats = self._ledger.stats
        if not self._printer.draws and (said := self._notes.line(stats.longest_wait(), time.monotonic())):
            self._printer.note(said)
        self._printer.progress(
            lambda width: progress_line(stats, self._ledger.share, time.monotonic(), width)
        )


def _resume_file(source: RowSource, options: SendOptions) -> ResumeFile | None:
    if not source.repeatable or options.passes > 1 or options.check or options.path is None:
        return None
    path = Path(f"{options.path}.resume.json")
    return ResumeFile(path, source.fingerprint, options.of_resume())
