"""The only retry logic: decides what to send next, how long to wait, and what has failed for good.

Sans-IO: it never calls, sleeps, reads a clock or draws a random number; those come in as arguments. Four
drivers use it: ingest (PutRecords), transform (PutRecordBatch), the agent and the sender.

Rules
- Only what failed is sent again (partial failures by index), with the caps of the call respected.
- Full jitter: each wait is a random share of a bound that doubles up to a cap; Retry-After is a floor.
- Three ends: attempts per item, the sum of all waits, and a deadline that no started call can outlive. An
  attempt is counted only if the call delivered nothing; a throttled shard that accepts part of each batch is
  making progress.
- Items of one ordering key go one at a time, in order; other keys do not wait for them. When one is given up,
  the later ones of its key are not sent either, so that a caller who tries again keeps the order.

Source: Amazon Builders' Library, "Timeouts, retries, and backoff with jitter".
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# Given to items that were never sent because time or budget ran out first.
NOT_ATTEMPTED = "NotAttempted"


class Item(NamedTuple):
    """What the machine must know of one thing to send."""

    size_bytes: int
    ordering_key: str | None = None


class Success(NamedTuple):
    """The receiver has it; `receipt` is what it returned."""

    receipt: object = None


class Failure(NamedTuple):
    """The receiver does not have it, or nobody knows. `passing`: sending again may help."""

    code: str
    passing: bool
    retry_after_s: float = 0.0
    cause: str = ""  # the receiver's own word, for the log


Outcome = Success | Failure


class Send(NamedTuple):
    """Send these items in one call, then report one outcome for each."""

    indexes: tuple[int, ...]


class Wait(NamedTuple):
    """Come back after so many seconds."""

    seconds: float


class Done(NamedTuple):
    """Every item has its final outcome."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How hard to try. `math.inf` switches a bound off."""

    max_items: int  # of one call
    max_bytes: int  # of one call
    call_s: float  # the longest one call can take, from its time-outs
    max_attempts: float = 5  # per item, of calls that delivered nothing
    base_s: float = 0.05  # bound of the first wait
    cap_s: float = 2.0  # bound of any later wait
    wait_budget_s: float = 10.0  # of all waits together


class Retry:
    """One delivery of a fixed list of items. After Done, `outcomes[i]` is the end of item i."""

    def __init__(
        self,
        items: Sequence[Item],
        policy: Policy,
        jitter: Callable[[], float],
        deadline_s: float = math.inf,
    ) -> None:
        """`jitter` gives shares in [0, 1]; `deadline_s` is on the clock whose times `step` gets."""
        self.outcomes: list[Outcome] = [Failure(NOT_ATTEMPTED, passing=True)] * len(items)
        self.waited_s = 0.0
        self.retried = 0  # items sent again, for the counters
        self._items = items
        self._policy = policy
        self._jitter = jitter
        self._deadline_s = deadline_s
        self._pending = list(range(len(items)))
        self._sent = [0] * len(items)
        self._in_vain = [0] * len(items)
        self._in_flight: tuple[int, ...] = ()
        self._failures_in_a_row = 0
        self._resume_s = -math.inf

    def step(self, now_s: float) -> Send | Wait | Done:
        """Return what to do now. Raises RuntimeError when the last Send was not reported."""
        if self._in_flight:
            raise RuntimeError("report the outcomes of the last Send first")
        if not self._pending:
            return Done()
        if max(now_s, self._resume_s) + self._policy.call_s > self._deadline_s:
            return self._give_up()
        if now_s < self._resume_s:
            return Wait(self._resume_s - now_s)
        self._in_flight = self._next_call()
        return Send(self._in_flight)

    def report(self, now_s: float, outcomes: Sequence[Outcome]) -> None:
        """Take the outcomes of the last Send, in its order."""
        if len(outcomes) != len(self._in_flight):
            raise RuntimeError(f"{len(outcomes)} outcomes for {len(self._in_flight)} items")
        in_vain = not any(isinstance(outcome, Success) for outcome in outcomes)
        ended = zip(self._in_flight, outcomes, strict=True)
        again = {i for i, outcome in ended if self._settle(i, outcome, in_vain=in_vain)}
        over = set(self._in_flight) - again
        blocked = {self._items[i].ordering_key for i in over if self._passing(i)} - {None}
        self._in_flight = ()
        self._pending = [
            i for i in self._pending if i not in over and self._items[i].ordering_key not in blocked
        ]
        if not any(isinstance(outcome, Failure) and outcome.passing for outcome in outcomes):
            self._failures_in_a_row = 0
        elif self._pending:
            floor_s = max((o.retry_after_s for o in outcomes if isinstance(o, Failure)), default=0.0)
            self._back_off(now_s, floor_s)

    def _settle(self, index: int, outcome: Outcome, *, in_vain: bool) -> bool:
        """Record an outcome; return whether to send the item again. `in_vain`: nothing was delivered."""
        self.outcomes[index] = outcome
        self._sent[index] += 1
        self._in_vain[index] += in_vain
        self.retried += self._sent[index] > 1
        return self._passing(index) and self._in_vain[index] < self._policy.max_attempts

    def _passing(self, index: int) -> bool:
        outcome = self.outcomes[index]
        return isinstance(outcome, Failure) and outcome.passing

    def _back_off(self, now_s: float, floor_s: float) -> None:
        bound_s = min(self._policy.cap_s, self._policy.base_s * 2.0 ** min(self._failures_in_a_row, 60))
        self._failures_in_a_row += 1
        wait_s = max(floor_s, bound_s * self._jitter())
        if self.waited_s + wait_s > self._policy.wait_budget_s:
            self._give_up()
            return
        self.waited_s += wait_s
        self._resume_s = now_s + wait_s

    def _next_call(self) -> tuple[int, ...]:
        chosen: list[int] = []
        size_bytes = 0
        keys: set[str] = set()
        for index in self._pending:
            item = self._items[index]
            if item.ordering_key is not None and item.ordering_key in keys:
                continue
            over = size_bytes + item.size_bytes > self._policy.max_bytes
            if chosen and (over or len(chosen) == self._policy.max_items):
                break
            chosen.append(index)
            size_bytes += item.size_bytes
            if item.ordering_key is not None:
                keys.add(item.ordering_key)
        return tuple(chosen)

    def _give_up(self) -> Done:
        self._pending.clear()
        return Done()


def drive(
    machine: Retry,
    send: Callable[[tuple[int, ...]], Sequence[Outcome]],
    now: Callable[[], float],
    sleep: Callable[[float], object],
) -> list[Outcome]:
    """Run a machine to its end on a caller's clock: `now` monotonic seconds, `send` one call's outcomes."""
    while not isinstance(step := machine.step(now()), Done):
        if isinstance(step, Wait):
            sleep(step.seconds)
        else:
            outcomes = send(step.indexes)
            machine.report(now(), outcomes)  # waits begin when the answer is there
    return machine.outcomes
