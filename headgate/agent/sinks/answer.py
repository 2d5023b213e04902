"""What a destination needs to say about one call, and how a refused call is taken apart to find the bad line.

Pure. A destination that refuses a whole call because of its contents is asked again with halves (A09): the
good units arrive and the bad one is found. A unit is given up only by a destination that has taken something
before, because a wrong stream name or URL is refused in the same way and must not empty the logs into the
rejects file.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from chalicelib.retry import Failure, Outcome, Success
from headgate.agent.batching import Unit

MISCONFIGURED = "Misconfigured"
"""The code of a failure that only a person can mend; the agent tries again all the same."""


class RefusedLine(NamedTuple):
    """A line that the destination will never take: its place in the unit, a stable code, a sentence."""

    number: int
    code: str
    message: str


class Sink(Protocol):
    """One destination. Thread-safe."""

    def send(self, units: Sequence[Unit]) -> list[Outcome]:
        """One outcome per unit; the receipt of a Success is the list of its refused lines. Never raises."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


Call = Callable[[Sequence[Unit]], "list[Outcome] | Refused"]


class Refused(NamedTuple):
    """The call as a whole was refused because of what it carried."""

    code: str
    message: str


def isolate(units: Sequence[Unit], call: Call, *, proven: bool) -> list[Outcome]:
    """The outcomes of a call, of its halves where it was refused, down to the single bad unit."""
    answer = call(units)
    if not isinstance(answer, Refused):
        return answer
    if len(units) > 1:
        middle = len(units) // 2
        first = isolate(units[:middle], call, proven=proven)
        proven = proven or any(isinstance(outcome, Success) for outcome in first)
        return first + isolate(units[middle:], call, proven=proven)
    if not proven:
        return [Failure(MISCONFIGURED, passing=True, cause=f"{answer.code}: {answer.message}")]
    lines = [RefusedLine(i, answer.code, answer.message) for i in range(len(units[0].lines))]
    return [Success(lines)]
