"""Bounds the CPU time of a match: a pattern that backtracks without end must not stop the agent.

`re` looks for signals while it matches, so a timer of the process's own CPU time can end it. Works in the
main thread, where the agent reads; in another thread a match is not bounded.

Source: CPython, Modules/_sre/sre_lib.h (PyErr_CheckSignals); setitimer(2), ITIMER_VIRTUAL.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

MATCH_S = 0.5  # of CPU, for one line


class MatchTimeout(Exception):
    """A match took too long."""


class _Alarm:
    armed = False

    @classmethod
    def expire(cls, _number: int, _frame: object) -> None:
        # A signal that arrives when the match is over changes nothing.
        if cls.armed:
            cls.armed = False
            raise MatchTimeout


@contextmanager
def time_limit(seconds: float = MATCH_S) -> Iterator[None]:
    """Raise MatchTimeout inside the block when it has used so much CPU time. Not to be nested."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _Alarm.expire)
    _Alarm.armed = True
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        _Alarm.armed = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
