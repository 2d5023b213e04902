"""When a fault strikes: the same seed and the same sequence of calls give the same faults.

Each kind of fault has a sequence of its own, so that switching one on does not move the others. Safe for any
number of threads; then the sequence is that in which the threads come.
"""

import random
from collections import Counter
from threading import Lock

from headgate.local.faults.spec import Fault, FaultSpec

_NONE = Fault(0.0)


class Faults:
    """The faults that are on. `counts` says how often each has struck."""

    def __init__(self, spec: FaultSpec) -> None:
        self.counts: Counter[str] = Counter()
        self._lock = Lock()
        self.change(spec)

    def change(self, spec: FaultSpec) -> None:
        """Begin another sequence of faults; what has struck stays counted."""
        with self._lock:
            self.spec = spec
            self._chances: dict[str, random.Random] = {}
            self._lasting: dict[str, int] = {}

    def strikes(self, name: str) -> bool:
        """Whether this fault strikes now."""
        with self._lock:
            return self._strikes(name)

    def lasts(self, name: str) -> bool:
        """Whether this fault strikes now, or has struck within its amount of calls: an outage."""
        with self._lock:
            left = self._lasting.get(name, 0)
            if left:
                self._lasting[name] = left - 1
                self.counts[name] += 1
            elif self._strikes(name):
                self._lasting[name] = max(0, int(self.spec.faults[name].amount) - 1)
            else:
                return False
            return True

    def share(self, name: str) -> float:
        """A share in [0, 1) that says how, once a fault strikes."""
        with self._lock:
            return self._chance(f"{name}/how").random()

    def amount(self, name: str) -> float:
        """How much of it, in the kind's unit."""
        return self.spec.faults.get(name, _NONE).amount

    def _strikes(self, name: str) -> bool:
        rate = self.spec.faults.get(name, _NONE).rate
        struck = rate > 0 and self._chance(name).random() < rate
        self.counts[name] += struck
        return struck

    def _chance(self, name: str) -> random.Random:
        chance = self._chances.get(name)
        if chance is None:
            seed = f"{self.spec.seed}/{name}"
            chance = self._chances[name] = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        return chance
