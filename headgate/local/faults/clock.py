"""A wall clock that is set wrong and set right again, as NTP does it to a machine."""

from collections.abc import Callable

from headgate.local.faults.chance import Faults


def jumping_clock(clock: Callable[[], float], faults: Faults) -> Callable[[], float]:
    """The clock, ahead by up to the fault's amount; it stays so until the next jump, to or fro.

    Never behind the true time: a consumer that starts at a moment (Firehose at its creation) would rightly
    take a record of an earlier moment for one that is not its own.
    """
    ahead_s = 0.0

    def now_s() -> float:
        nonlocal ahead_s
        if faults.strikes("clock"):
            ahead_s = faults.amount("clock") * faults.share("clock")
        return clock() + ahead_s

    return now_s
