"""Waits for AWS: asks again at a steady pace until there is a result or the time is up."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from headgate.infra.errors import InfraError

Found = TypeVar("Found")

TELL_EVERY_S = 10.0


class Clock(Protocol):
    """Monotonic seconds and a pause; tests bring one that does not wait."""

    def now_s(self) -> float:
        """Return seconds from some fixed point."""
        ...

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        ...


class RealClock:
    """The machine's clock."""

    def now_s(self) -> float:
        """Return the monotonic clock."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


def wait_for(
    what: str,
    ask: Callable[[], Found | None],
    clock: Clock,
    *,
    every_s: float = 2.0,
    at_most_s: float = 1800.0,
    say: Callable[[str], None] | None = None,
) -> Found:
    """Return what `ask` finds; None means "not yet". Raises InfraError when the time is up.

    `say` is told now and then that this still waits.
    """
    start_s = told_s = clock.now_s()
    while (found := ask()) is None:
        now_s = clock.now_s()
        if now_s >= start_s + at_most_s:
            raise InfraError(f"{what} is not done after {at_most_s:.0f} s; run the command again")
        if say is not None and now_s >= told_s + TELL_EVERY_S:
            told_s = now_s
            say(f"  waiting for {what}: {now_s - start_s:.0f} s of at most {at_most_s:.0f} s")
        clock.pause(every_s)
    return found
