"""How everything here is measured: rounds in which each contestant has its turn, and medians over them.

A busy moment of the machine hits neighbours in a round alike, so a ratio is the median of the rounds' ratios.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence

Samples = dict[str, list[float]]
ROUNDS = 9


def interleaved(contestants: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> Samples:
    """What each contestant measured in each round, after one round that does not count."""
    for measure in contestants.values():
        measure()
    samples: Samples = {name: [] for name in contestants}
    for turn in range(rounds):
        names = list(contestants)
        for name in names if turn % 2 else reversed(names):
            samples[name].append(contestants[name]())
    return samples


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Ours as a share of theirs."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
