"""Waits for AWS: asks again at a steady pace until there is a result or the time is up."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from headgate.infra.errors import InfraError

Found = TypeVar("Found")


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
) -> Found:
    """Return what `ask` finds; None means "not yet". Raises InfraError when the time is up."""
    end_s = clock.now_s() + at_most_s
    while (found := ask()) is None:
        if clock.now_s() >= end_s:
            raise InfraError(f"{what} is not done after {at_most_s:.0f} s; run the command again")
        clock.pause(every_s)
    return found
