"""`python -m bench.transform`: CPU of the transform per event, against Chalice's tutorial and powertools.

End to end from the batch that Lambda hands over to Firehose's answer: real boto3, a loopback process that
answers at once. The peers wrap each event in an envelope as ours does, but check nothing, quarantine nothing
and do not pack. Also counts what Firehose bills of what was sent.
"""

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from bench.billing import billed_share
from bench.canned import canned
from bench.cases.transform_ours import SHAPES
from bench.environment import HOW_TO_INSTALL, PEERS_PYTHON, peers_installed
from bench.rounds import Samples, interleaved, ratio
from bench.table import Goal, judge, show, times
from bench.worker import Worker

_CALLS = {"100x1": 30, "1000x1": 5, "12x84": 5}
_BASE = "tutorial"


def measure() -> Samples:
    """CPU seconds per batch, by "contestant shape"."""
    with ExitStack() as held:
        url = held.enter_context(canned())
        here = Path(sys.executable)
        workers = {
            _BASE: held.enter_context(Worker("transform_tutorial", url, here)),
            "ours": held.enter_context(Worker("transform_ours", url, here)),
        }
        if peers_installed():
            workers["powertools"] = held.enter_context(Worker("transform_powertools", url, PEERS_PYTHON))
        return interleaved(
            {
                f"{name} {shape}": partial(worker.cpu_s, shape, _CALLS[shape])
                for name, worker in workers.items()
                for shape in worker.tasks
            }
        )


def main() -> int:
    """Print the table; 0 if the goals are met."""
    samples = measure()
    rows = []
    for name, taken in samples.items():
        shape = name.split()[-1]
        records, lines = SHAPES[shape]
        per_s = f"{records * lines / median(taken):,.0f}"
        rows.append((name, times(ratio(taken, samples[f"{_BASE} {shape}"])), per_s))
    print("Warm CPU of the transform for a batch of R records of L events (contestant, RxL)")
    show(("", "CPU against the tutorial's", "events/s per core, this machine"), rows)
    if not peers_installed():
        print(f"powertools: {HOW_TO_INSTALL}")
    shares = {name: billed_share(*shape) for name, shape in SHAPES.items()}
    show(
        ("Firehose, billed / sent bytes", "ours", "a record per event"),
        [(name, f"{packed:.3f}", f"{alone:.1f}") for name, (packed, alone) in shares.items()],
    )
    return judge(
        [
            Goal(
                "transform of 1,000 records / KinesisEvent + json + default boto3",
                ratio(samples["ours 1000x1"], samples[f"{_BASE} 1000x1"]),
                0.40,
            ),
            Goal("Firehose billed / sent bytes, a batch of 1,000 events", shares["1000x1"][0], 1.05),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
