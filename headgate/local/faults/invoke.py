"""The transform that dies in the middle, or has too little time.

Decides how much of the work is done before it dies: any part of the batch, none of it, or all of it but the
answer. Wraps what the poller calls.
"""

from collections.abc import Callable
from typing import Any

from headgate.local.faults.chance import Faults

Event = dict[str, Any]
Invoke = Callable[[Event], object]


class FunctionKilled(Exception):
    """The function's process is gone."""


def faulty_invoke(invoke: Callable[[Event, float], object], timeout_s: float, faults: Faults) -> Invoke:
    """What the poller calls; `invoke` takes the event and the seconds that the function has."""

    def call(event: Event) -> object:
        if faults.strikes("transform_timeout"):
            return invoke(event, min(timeout_s, faults.amount("transform_timeout")))
        if faults.strikes("transform_kill"):
            records = event["Records"]
            done = int(faults.share("transform_kill") * (len(records) + 1))
            if done:
                invoke({**event, "Records": records[:done]}, timeout_s)
            raise FunctionKilled
        return invoke(event, timeout_s)

    return call
