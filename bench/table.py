"""Prints results: aligned Markdown tables, and goals with whether they are met."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

MISSED = 3  # an exit code of its own: a benchmark that fails ends with 1


class Goal(NamedTuple):
    """A number to hold. Source: the design's section on numbers."""

    what: str
    got: float
    at_most: float

    @property
    def met(self) -> bool:
        """Whether it holds."""
        return self.got <= self.at_most


def show(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print()  # Markdown wants a line between a caption and a table
    for line in (lines[0], rule, *lines[1:]):
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        print(f"| {' | '.join(cells)} |")


def judge(goals: Iterable[Goal]) -> int:
    """Print each goal; the exit code: 0 when all are met, MISSED when one is not."""
    given = list(goals)
    print()
    for goal in given:
        verdict = "met" if goal.met else "MISSED"
        print(f"* goal: {goal.what}: {goal.got:.3g} (at most {goal.at_most:g}): {verdict}", flush=True)
    return 0 if all(goal.met for goal in given) else MISSED


def times(ratio: float) -> str:
    """A ratio with three digits that mean something."""
    return f"{ratio:.3g}x" if ratio < 100 else f"{ratio:.0f}x"  # noqa: PLR2004 - where a fraction says nothing
