"""Threads that deliver batches: each drives the shared retry machine until every unit has its end.

Unlimited patience: what cannot be delivered waits, and the files are the buffer. The threads touch no file
and no checkpoint; what happened goes back to the main loop through a queue.
"""

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import NamedTuple

from chalicelib.retry import Failure, Item, Outcome, Policy, Retry, Success, drive
from headgate.agent.batching import OutgoingBatch, Unit
from headgate.agent.delivery import Ready
from headgate.agent.pipeline import Pipeline
from headgate.agent.rejects import Reject
from headgate.agent.sinks.records import MISCONFIGURED, RefusedLine, Sink

_log = logging.getLogger(__name__)
_THREADS_MAX = 4  # of one flow: Python gains nothing from more, and each holds a batch in memory


class CallResult(NamedTuple):
    """One call, for counters and metrics."""

    pipeline: Pipeline
    units: int
    failed: int
    bytes_sent: int
    service_error: bool
    cause: str
    permanent: bool  # refused as a whole, for something that only a person can mend


class Delivered(NamedTuple):
    """A batch at its end; `rejects` are the lines that the destination refused for good."""

    pipeline: Pipeline
    batch: OutgoingBatch
    rejects: list[Reject]
    resent: int


class Stopped(Exception):
    """Raised inside a thread to leave a wait."""


class Sender:
    """The sending threads of one flow."""

    def __init__(
        self,
        pipeline: Pipeline,
        sink: Sink,
        threads: int,
        results: "SimpleQueue[CallResult | Delivered]",
        wake: Callable[[], None],
    ) -> None:
        self._pipeline, self._sink = pipeline, sink
        self._results, self._wake = results, wake
        self._queue: SimpleQueue[OutgoingBatch | None] = SimpleQueue()
        # With an ordering key two records of one key must never be on their way together.
        self._wanted = 1 if pipeline.flow.ordering_field else max(1, min(threads, _THREADS_MAX))
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._complained = 0
        flow = pipeline.flow
        self._policy = Policy(
            max_items=flow.max_records,
            max_bytes=math.inf,  # type: ignore[arg-type]  # the batch already respects it
            call_s=0.0,
            max_attempts=math.inf,
            base_s=max(0.001, flow.retry_base_s),
            cap_s=max(0.001, flow.retry_cap_s),
            wait_budget_s=math.inf,
        )

    def submit(self, ready: Ready) -> None:
        """Deliver a batch, some time."""
        self._queue.put(ready.batch)
        if len(self._threads) < min(self._wanted, self._pipeline.in_flight):
            name = f"send-{len(self._threads) + 1}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, deadline_s: float) -> None:
        """Leave every wait, and wait for calls that are going on until `deadline_s` (monotonic)."""
        self._stop.set()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        self._sink.close()

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None and not self._stop.is_set():
            try:
                self._deliver(batch)
            except Stopped:
                return
            except Exception:  # noqa: BLE001 - a mistake of ours must not lose a batch in silence
                # A mistake of ours must not lose the batch in silence: it stays unacknowledged and is seen.
                _log.exception(
                    "%s: a sending thread failed; its batch waits for a restart", self._pipeline.flow.id
                )

    def _deliver(self, batch: OutgoingBatch) -> None:
        units = batch.units
        items = [Item(unit.size_bytes, unit.ordering) for unit in units]
        machine = Retry(items, self._policy, random.random)
        outcomes = drive(
            machine,
            lambda indexes: self._send([units[i] for i in indexes]),
            time.monotonic,
            self._sleep,
        )
        rejects = [
            self._reject(unit, line)
            for unit, outcome in zip(units, outcomes, strict=True)
            for line in _refused_lines(unit, outcome)
        ]
        self._results.put(Delivered(self._pipeline, batch, rejects, machine.retried))
        self._wake()

    def _send(self, units: Sequence[Unit]) -> Sequence[Outcome]:
        outcomes = self._sink.send(units)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        sent = sum(unit.size_bytes for unit, o in zip(units, outcomes, strict=True) if isinstance(o, Success))
        cause = failures[0].cause or failures[0].code if failures else ""
        whole = len(failures) == len(units) and bool(failures)
        permanent = whole and all(failure.code == MISCONFIGURED for failure in failures)
        self._results.put(
            CallResult(self._pipeline, len(units), len(failures), sent, whole, cause, permanent)
        )
        self._complain(failures)
        return outcomes

    def _complain(self, failures: list[Failure]) -> None:
        """The first failure in a row is worth a line, and then each power of two of them."""
        if not failures:
            self._complained = 0
            return
        self._complained += 1
        if self._complained & (self._complained - 1) == 0:
            worst = next((f for f in failures if f.code == MISCONFIGURED), failures[0])
            _log.warning(
                "%s: %d records were not taken (%s %s); they are sent again (%d calls in a row)",
                self._pipeline.flow.id,
                len(failures),
                worst.code,
                worst.cause,
                self._complained,
            )

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped

    def _reject(self, unit: Unit, line: RefusedLine) -> Reject:
        offset = unit.line_starts[line.number]
        return Reject(
            self._pipeline.flow.id,
            unit.file.path,
            offset,
            unit.id if line.number == 0 else f"{unit.id}#{line.number + 1}",
            line.code,
            line.message,
            unit.lines[line.number],
        )


def _refused_lines(unit: Unit, outcome: Outcome) -> list[RefusedLine]:
    if isinstance(outcome, Failure):
        return [RefusedLine(i, outcome.code, outcome.cause) for i in range(len(unit.lines))]
    receipt = outcome.receipt
    return receipt if isinstance(receipt, list) else []
