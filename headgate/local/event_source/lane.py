"""The state machine of one lane: the records of some keys of one shard, one batch at a time, in order.

Decides when a batch closes, and after each answer whether it is done, tried again, split or given up. Never
invokes, waits, stores or reads a clock: it says in `next` what to do and takes the outcome in `settle`.

Source: Lambda developer guide, "Using Lambda with Kinesis" (batching) and "Retain discarded batch records…"
(retries, age, bisect, which does not spend the retry quota). AWS does not publish its waits between retries.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from headgate.local.event_source.event import ENVELOPE_BYTES, PAYLOAD_BYTES, first_failure
from headgate.local.event_source.mapping import FOREVER, EventSourceMapping
from headgate.records import Record

NEVER_S = float("inf")
BACKOFF_BASE_S = 0.5
BACKOFF_CAP_S = 60.0
HURRY_S = 1.0  # the longest wait of a stop; AWS has no stop, so it has no such rule
RETRIES_USED_UP = "RetryAttemptsExhausted"
TOO_OLD = "RecordAgeExceeded"


class Instant(NamedTuple):
    """A moment on both clocks: `steady_s` for waiting, `wall_s` (epoch) for the age of records."""

    steady_s: float
    wall_s: float


@dataclass(frozen=True)
class Batch:
    """Records that go to the function together, and what has happened to them so far."""

    records: tuple[Record, ...]
    invokes: int = 0
    retries: int = 0
    function_error: bool = False
    is_spent: bool = False


class Invoke(NamedTuple):
    """Hand the batch to the function."""

    batch: Batch


class Discard(NamedTuple):
    """Leave the batch at the on-failure destination; `condition` is AWS' word for why."""

    batch: Batch
    condition: str


class Wait(NamedTuple):
    """Nothing to do before this moment of the steady clock, unless records or an outcome come."""

    until_s: float


class Answered(NamedTuple):
    """Outcome of Invoke: the function returned this."""

    response: object


class Failed(NamedTuple):
    """Outcome of Invoke: the function raised, timed out or died."""


class NotInvoked(NamedTuple):
    """Outcome of Invoke: the function could not be started at all."""


class Discarded(NamedTuple):
    """Outcome of Discard: the destination has it, or there is none."""


class Undelivered(NamedTuple):
    """Outcome of Discard: the destination refused."""


Action = Invoke | Discard
Outcome = Answered | Failed | NotInvoked | Discarded | Undelivered


class _Queued(NamedTuple):
    record: Record
    size_bytes: int
    arrived_s: float


class Lane:
    """One batch at a time. `retention_s` is how long the stream keeps a record."""

    def __init__(self, mapping: EventSourceMapping, retention_s: float) -> None:
        self._mapping = mapping
        self._max_age_s = retention_s if mapping.max_age_s == FOREVER else min(mapping.max_age_s, retention_s)
        self._queue: deque[_Queued] = deque()
        self._batches: deque[Batch] = deque()
        self._outstanding: Action | None = None
        self._not_before_s = -NEVER_S
        self._failed_s = -NEVER_S
        self._refusals = 0

    def add(self, record: Record, size_bytes: int, now: Instant) -> None:
        """Take a record; `size_bytes` is its weight in the event."""
        self._queue.append(_Queued(record, size_bytes, now.steady_s))

    def next(self, now: Instant, *, flush: bool = False, hurry: bool = False) -> Action | Wait:
        """Say what to do now.

        `flush` ends the batching window of whatever is there; `hurry` keeps the waits between tries short,
        for a stop that somebody waits for.
        """
        if self._outstanding is not None:
            return Wait(NEVER_S)
        if not self._batches:
            closes_s = self._close(now, flush=flush)
            if closes_s > now.steady_s:
                return Wait(closes_s)
        not_before_s = min(self._not_before_s, self._failed_s + HURRY_S) if hurry else self._not_before_s
        if not_before_s > now.steady_s:
            return Wait(not_before_s)
        self._outstanding = self._decide(self._batches.popleft(), now)
        return self._outstanding

    def settle(self, outcome: Outcome, now: Instant) -> Sequence[Record]:
        """Take the outcome of what `next` said; return the records that are done with, for good."""
        action, self._outstanding = self._outstanding, None
        assert action is not None, "settle without a next"  # noqa: S101 - a bug of the caller, not an input
        batch = action.batch
        if isinstance(outcome, Discarded):
            return self._done(batch.records)
        if isinstance(outcome, NotInvoked | Undelivered):
            self._refusals += 1
            self._batches.appendleft(batch)
            self._back_off(self._refusals, now)
            return ()
        batch = replace(batch, invokes=batch.invokes + 1, function_error=isinstance(outcome, Failed))
        failed_at = self._failed_at(outcome, batch)
        if failed_at is None:
            return self._done(batch.records)
        self._again(batch, failed_at, now)
        return batch.records[:failed_at]

    def _failed_at(self, outcome: Outcome, batch: Batch) -> int | None:
        if not isinstance(outcome, Answered):
            return 0
        if not self._mapping.reports_item_failures:
            return None
        return first_failure(outcome.response, batch.records)

    def _again(self, batch: Batch, failed_at: int, now: Instant) -> None:
        rest = replace(batch, records=batch.records[failed_at:])
        size = len(rest.records)
        self._refusals = 0
        if self._mapping.bisect and failed_at:
            self._batches.appendleft(rest)
        elif self._mapping.bisect and size > 1:
            halves = rest.records[: size // 2], rest.records[size // 2 :]
            self._batches.extendleft(replace(rest, records=half) for half in reversed(halves))
        elif self._mapping.max_retries != FOREVER and rest.retries >= self._mapping.max_retries:
            self._batches.appendleft(replace(rest, is_spent=True))
        else:
            self._batches.appendleft(replace(rest, retries=rest.retries + 1))
            self._back_off(rest.retries + 1, now)

    def _back_off(self, attempt: int, now: Instant) -> None:
        self._failed_s = now.steady_s
        self._not_before_s = now.steady_s + backoff_s(attempt)

    def _done(self, records: Sequence[Record]) -> Sequence[Record]:
        self._refusals = 0
        return records

    def _decide(self, batch: Batch, now: Instant) -> Action:
        if batch.is_spent:
            return Discard(batch, RETRIES_USED_UP)
        aged = 0
        while aged < len(batch.records) and now.wall_s - batch.records[aged].arrival_s > self._max_age_s:
            aged += 1
        if not aged:
            return Invoke(batch)
        if aged < len(batch.records):
            self._batches.appendleft(replace(batch, records=batch.records[aged:]))
        return Discard(replace(batch, records=batch.records[:aged]), TOO_OLD)

    def _close(self, now: Instant, *, flush: bool) -> float:
        """Make a batch of the queue if one is due; return when it is, or was."""
        if not self._queue:
            return NEVER_S
        count, is_full = self._fitting()
        closes_s = self._queue[0].arrived_s + self._mapping.batching_window_s
        if not (is_full or flush or closes_s <= now.steady_s):
            return closes_s
        self._batches.append(Batch(tuple(self._queue.popleft().record for _ in range(count))))
        return now.steady_s

    def _fitting(self) -> tuple[int, bool]:
        """Count the queued records that fit one batch, at least one, and say whether no more could."""
        total_bytes = ENVELOPE_BYTES
        for count, queued in enumerate(self._queue):
            total_bytes += queued.size_bytes
            if count == self._mapping.batch_size or (count and total_bytes > PAYLOAD_BYTES):
                return count, True
        return len(self._queue), len(self._queue) == self._mapping.batch_size


def backoff_s(attempt: int) -> float:
    """Return the wait before the given retry (1, 2, …): doubling to a cap."""
    return min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempt - 1, 16))
