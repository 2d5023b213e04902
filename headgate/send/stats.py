"""The figures of a run, in constant memory. Written by the workers, read by progress."""

import math
import threading
from collections import Counter
from dataclasses import dataclass, field

from headgate.contract.connection import NoAnswer
from headgate.send.deliver import Again, Exchange

_STEP = 1.05  # latencies are kept to within five per cent


class Latencies:
    """A histogram with logarithmic steps."""

    def __init__(self) -> None:
        self.count = 0
        self.max_s = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """Count one."""
        self.count += 1
        self.max_s = max(self.max_s, seconds)
        self._buckets[math.ceil(math.log(max(seconds, 1e-6), _STEP))] += 1

    def percentile_s(self, share: float) -> float:
        """Return the latency that `share` of all do not exceed; 0 when there are none."""
        left = math.ceil(share * self.count)
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return min(_STEP**bucket, self.max_s)
        return self.max_s


@dataclass
class Stats:
    """Counts of events, and of requests by what came back."""

    started_s: float
    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    retried: int = 0  # requests that repeat one
    requests: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)  # of rejected rows
    latencies: Latencies = field(default_factory=Latencies)
    waiting: dict[str, Again] = field(default_factory=dict)  # batches that will be sent once more, by key
    lock: threading.Lock = field(default_factory=threading.Lock)

    def exchanged(self, exchange: Exchange) -> None:
        """Count one request."""
        answer = exchange.answer
        with self.lock:
            self.requests += 1
            self.retried += exchange.again
            self.statuses[answer.code if isinstance(answer, NoAnswer) else str(answer.status)] += 1
            if not isinstance(answer, NoAnswer):
                self.latencies.add(exchange.seconds)

    def waits(self, key: str, again: Again | None) -> None:
        """Note that a batch waits to be sent again, or no longer does."""
        with self.lock:
            if again is None:
                self.waiting.pop(key, None)
            else:
                self.waiting[key] = again

    def longest_wait(self) -> Again | None:
        """Return the batch that has waited longest, or None."""
        with self.lock:
            return min(self.waiting.values(), key=lambda again: again.since_s, default=None)

    def add(self, *, sent: int = 0, accepted: int = 0) -> None:
        """Count events, each once however often it was sent."""
        with self.lock:
            self.sent += sent
            self.accepted += accepted

    def reject(self, code: str) -> None:
        """Count one row that will not be stored, with its reason."""
        with self.lock:
            self.rejected += 1
            self.codes[code] += 1
