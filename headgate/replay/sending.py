"""The loop of a replay: read a portion, have it acknowledged, note the mark.

Decides the order of the three, which is the promise: whatever ends the loop, nothing is left out, and what is
repeated has the same ids. Never retries: the sink does.
"""

from collections.abc import Callable

from headgate.readers.putting import Put
from headgate.replay.plan import Plan, Source
from headgate.replay.state import State


def send_all(source: Source, plan: Plan, put: Put, state: State, report: Callable[[], None]) -> None:
    """Send what the plan holds after the state's mark. Raises what the source or `put` raises."""
    for portion in source.portions(plan, state.mark):
        put(portion.records)
        state.advance(portion.mark, len(portion.records))
        report()
