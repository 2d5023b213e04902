"""Deliver one batch: retry while a failure can pass, split it when too large, send it without its bad rows.

Decides what follows from a verdict; the retries are chalicelib.retry's. Every row ends as accepted or as a
BadRow, or the batch ends in an AbortError, after which what was not reported may be sent again under the same
keys. No I/O of its own: post, clock, sleep and chance come in. Called by the workers.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.retry import Failure, Item, Outcome, Policy, Retry, Success, drive
from headgate.contract import verdict as verdicts
from headgate.contract.connection import HttpAnswer, NoAnswer
from headgate.send.batches import RequestBatch
from headgate.send.errors import AbortError
from headgate.send.rows import BadRow, EventRow

BASE_S = 0.25  # bound of the first wait
CAP_S = 20.0  # bound of any later wait
_WITHOUT_END = math.inf


class Exchange(NamedTuple):
    """One request that was made, for the statistics."""

    answer: HttpAnswer | NoAnswer
    seconds: float
    again: bool  # it repeats the one before

    @property
    def reached(self) -> bool:
        """Whether the request may have arrived."""
        return isinstance(self.answer, HttpAnswer) or self.answer.connected


class Again(NamedTuple):
    """A batch that will be sent once more."""

    message: str  # what came back last
    times: int  # that it has failed
    due_s: float  # when it goes, on the clock of `now`
    since_s: float  # when it went for the first time


class Taken(NamedTuple):
    """Events that are durable."""

    events: int


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The outside world that a delivery needs."""

    post: Callable[[RequestBatch], HttpAnswer | NoAnswer]
    now: Callable[[], float]  # monotonic seconds
    sleep: Callable[[float], object]  # may raise StoppedError
    jitter: Callable[[], float]  # shares in [0, 1]
    observe: Callable[[Exchange], object]
    retry_for_s: float  # the sum of all waits for one batch
    call_s: float
    checking: bool = False
    waits: Callable[[str, Again | None], object] = lambda _key, _again: None  # None: it waits no longer


def deliver(
    batch: RequestBatch, dependencies: Dependencies, *, first: bool = False
) -> Iterator[Taken | BadRow]:
    """Yield the outcome of each row as soon as it is known.

    `first`: nothing was ever answered; a server that cannot be reached is then a wrong URL and not waited
    for, and neither is one that answers otherwise than the contract. Raises AbortError when no batch can be
    taken, or this one was not in `retry_for_s`.
    """
    waiting = [batch]
    proven = not first
    while waiting:
        batch = waiting.pop()
        verdict = _send(batch, dependencies, first=not proven)
        proven = True
        if isinstance(verdict, verdicts.Accepted):
            yield Taken(len(batch.rows))
        elif isinstance(verdict, verdicts.Passing):
            message = f"gave up on rows {_range(batch)} after {dependencies.retry_for_s:g} s of waiting"
            raise AbortError(f"{message}: {verdict.message}")
        elif isinstance(verdict, verdicts.Hopeless):
            raise AbortError(verdict.message)
        elif isinstance(verdict, verdicts.TooLarge) and len(batch.rows) > 1:
            waiting.extend(reversed(batch.halves()))
        else:
            if isinstance(verdict, verdicts.Refused) and first and len(batch.rows) > 1:
                raise AbortError(f"the endpoint refuses the first batch as a whole: {verdict.message}")
            bad = _bad_rows(batch, verdict)
            yield from bad.values()
            waiting.extend(reversed(batch.without(bad)))


def _send(batch: RequestBatch, dependencies: Dependencies, *, first: bool) -> verdicts.Verdict:
    """Send one batch with retries and return the last verdict."""
    policy = Policy(
        max_items=1,
        max_bytes=len(batch.body),
        call_s=dependencies.call_s,
        max_attempts=_WITHOUT_END,
        base_s=BASE_S,
        cap_s=CAP_S,
        wait_budget_s=dependencies.retry_for_s,
    )
    found: list[verdicts.Verdict] = []
    begun_s = dependencies.now()
    proven = not first

    def send(_indexes: tuple[int, ...]) -> list[Outcome]:
        nonlocal proven
        started_s = dependencies.now()
        answer = dependencies.post(batch)
        dependencies.observe(Exchange(answer, dependencies.now() - started_s, again=bool(found)))
        verdict = verdicts.judge(answer, len(batch.rows), checking=dependencies.checking)
        if first and not found and isinstance(answer, NoAnswer) and not answer.connected:
            verdict = verdicts.Hopeless(answer.code, answer.code, answer.message)
        proven = proven or verdicts.is_of_the_contract(answer)
        if not proven:
            verdict = verdicts.judge_first(answer, verdict)
        found.append(verdict)
        return [_outcome(verdict)]

    def sleep(seconds: float) -> None:
        last = found[-1]
        message = last.message if isinstance(last, verdicts.Passing) else ""
        dependencies.waits(batch.key, Again(message, len(found), dependencies.now() + seconds, begun_s))
        dependencies.sleep(seconds)

    try:
        drive(Retry([Item(len(batch.body))], policy, dependencies.jitter), send, dependencies.now, sleep)
    finally:
        dependencies.waits(batch.key, None)
    return found[-1]


def _outcome(verdict: verdicts.Verdict) -> Outcome:
    if isinstance(verdict, verdicts.Accepted):
        return Success()
    if isinstance(verdict, verdicts.Passing):
        return Failure(verdict.code, passing=True, retry_after_s=verdict.retry_after_s)
    return Failure(type(verdict).__name__, passing=False)


def _bad_rows(
    batch: RequestBatch, verdict: verdicts.Invalid | verdicts.Refused | verdicts.TooLarge
) -> dict[int, BadRow]:
    """Return the rows that the endpoint refuses, by index."""
    if isinstance(verdict, verdicts.Invalid):
        return {index: _bad_row(batch.rows[index], said) for index, said in verdict.errors.items()}
    code = verdict.code if isinstance(verdict, verdicts.Refused) else "TooLarge"
    return {index: BadRow.of(row, code, verdict.message) for index, row in enumerate(batch.rows)}


def _bad_row(row: EventRow, said: tuple[dict[str, object], ...]) -> BadRow:
    code, pointer, message = (str(said[0].get(name, "")) for name in ("Code", "Pointer", "Message"))
    bad = BadRow.of(row, code or "InvalidEvent", message)
    return bad._replace(pointer=pointer, errors=said if len(said) > 1 else ())


def _range(batch: RequestBatch) -> str:
    return f"{batch.rows[0].number} to {batch.rows[-1].number}"
