"""`--rate`: when the next events may go, so that no second sees more. Owns only a lock."""

import threading


class Pace:
    """Slots on a time line, shared by the workers."""

    def __init__(self, events_per_s: float) -> None:
        """`math.inf` does not pace."""
        self._events_per_s = events_per_s
        self._free_s = 0.0
        self._lock = threading.Lock()

    def wait_s(self, events: int, now_s: float) -> float:
        """Book a slot for so many events: how long to wait for it. Unused time is not made up for."""
        with self._lock:
            begin_s = max(now_s, self._free_s)
            self._free_s = begin_s + events / self._events_per_s
            return begin_s - now_s
