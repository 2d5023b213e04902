"""What a worker does with a batch, and the ledger in which the outcome of every row is written.

RunLedger: rejects file, statistics, checkpoint, in that order, so the checkpoint never passes an unwritten
row. BatchSender gives each worker a connection and all of them one pace. Called by run.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from headgate.contract.connection import Connection, HttpAnswer, NoAnswer
from headgate.send.batches import RequestBatch
from headgate.send.deliver import Dependencies, Exchange, Taken, deliver
from headgate.send.options import SendOptions
from headgate.send.rejects import Rejects
from headgate.send.resume import Mark, Prefix, ResumeFile
from headgate.send.rows import BadRow
from headgate.send.stats import Stats
from headgate.send.worker_pool import Worker

_AGENT = "headgate-send"


class Job(NamedTuple):
    """A batch and its number in the ledger."""

    number: int
    batch: RequestBatch


@dataclass
class RunLedger:
    """Records the outcome of every row."""

    stats: Stats
    rejects: Rejects
    prefix: Prefix
    resume: ResumeFile | None
    now: Callable[[], float]
    after_row: int = 0  # rows up to here had their end in an earlier run
    resumed: bool = False
    share: float | None = None  # of everything is acknowledged or rejected
    _begun: bool = False

    def open(self, batch: RequestBatch, share: float | None = None, *, cut: bool = False) -> Job:
        """Issue a batch. One that --limit has `cut` is begun anew by the next run, for its other rows."""
        ends_with = batch.rows[0].number - 1 if cut else batch.rows[-1].number
        return Job(self.prefix.issue(Mark(ends_with, share)), batch)

    def reject(self, row: BadRow) -> None:
        """Record a row that will not be stored. Raises AbortError when that fails."""
        self._begin()
        self.rejects.add(row)
        self.stats.reject(row.code)

    def done(self, job: Job) -> None:
        """Record that every row of the batch has its outcome."""
        self._begin()
        with self.stats.lock:
            end = self.prefix.done(job.number)
            if end is None:
                return
            self.share = end.share
            if self.resume is not None:
                self.resume.advance(end.row, self.now())

    def close(self) -> None:
        """Close the files at the end of a run, however it ended."""
        self.rejects.close()
        if self.resume is not None:
            self.resume.save()

    def _begin(self) -> None:
        """Replace an earlier run's files, at the first outcome of this one."""
        if self._begun:
            return
        self._begun = True
        self.rejects.begin(after_row=self.after_row)
        if not self.resumed and self.resume is not None:
            self.resume.remove()


class Pace:
    """`--rate`: when the next events may go, so that no second sees more. Shared by the workers."""

    def __init__(self, events_per_s: float) -> None:
        """`math.inf`: no limit."""
        self._events_per_s = events_per_s
        self._free_s = 0.0
        self._lock = threading.Lock()

    def wait_s(self, events: int, now_s: float) -> float:
        """Reserve time for some events and return the seconds to wait for it. Unused time is lost."""
        with self._lock:
            begin_s = max(now_s, self._free_s)
            self._free_s = begin_s + events / self._events_per_s
            return begin_s - now_s


class BatchSender:
    """Makes the workers of a pool."""

    def __init__(self, options: SendOptions, ledger: RunLedger, jitter: Callable[[], float]) -> None:
        self.sleep: Callable[[float], None] = lambda _: None  # the pool's, which a stop interrupts
        self._options = options
        self._ledger = ledger
        self._jitter = jitter
        self._pace = Pace(options.rate_per_s)
        self._answered = False

    def make_worker(self) -> Worker[Job]:
        """Return a worker with its own connection."""
        options = self._options
        target = options.target.checking() if options.check else options.target
        return _Deliverer(self, Connection(target, options.timeout_s, _AGENT))

    def send(self, job: Job, connection: Connection) -> None:
        """Deliver one batch. Raises AbortError, StoppedError."""
        ledger, now = self._ledger, self._ledger.now
        self.sleep(self._pace.wait_s(len(job.batch.rows), now()))
        unsent = len(job.batch.rows)

        def observe(exchange: Exchange) -> None:
            nonlocal unsent
            ledger.stats.exchanged(exchange)
            if exchange.reached:
                ledger.stats.add(sent=unsent)
                unsent = 0

        def post(batch: RequestBatch) -> HttpAnswer | NoAnswer:
            headers = {"Content-Type": batch.content_type, "Idempotency-Key": batch.key}
            return connection.post(batch.body, headers)

        dependencies = Dependencies(
            post=post,
            now=now,
            sleep=self.sleep,
            jitter=self._jitter,
            observe=observe,
            retry_for_s=self._options.retry_for_s,
            call_s=self._options.timeout_s,
            checking=self._options.check,
            waits=ledger.stats.waits,
        )
        for end in deliver(job.batch, dependencies, first=not self._answered):
            self._answered = True
            if isinstance(end, Taken):
                ledger.stats.add(accepted=end.events)
            else:
                ledger.reject(end)
        ledger.done(job)


class _Deliverer(Worker[Job]):
    def __init__(self, sender: BatchSender, connection: Connection) -> None:
        self._sender = sender
        self._connection = connection

    def work(self, job: Job) -> None:
        self._sender.send(job, self._connection)

    def close(self) -> None:
        self._connection.close()


def probe(options: SendOptions) -> HttpAnswer | NoAnswer:
    """Send an empty request, which writes nothing, to see whether URL and key are right (S06)."""
    connection = Connection(options.target.checking(), options.timeout_s, _AGENT)
    try:
        return connection.post(b"", {"Content-Type": "application/x-ndjson"})
    finally:
        connection.close()
