"""`python -m bench.client`: CPU of one PutRecords: boto3's defaults, our adapter, and the physical floor.

The floor writes a ready request to a socket and reads the answer: what the kernel costs, and no client saves.
A loopback process answers at once, without TLS.
"""

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from bench.canned import canned
from bench.cases.client import SHAPES
from bench.rounds import interleaved, ratio
from bench.table import show, times
from bench.worker import Worker

_CALLS = {"1x300": 50, "6x25600": 15, "500x300": 6}


def main() -> int:
    """Print the table."""
    with ExitStack() as held:
        worker = held.enter_context(Worker("client", held.enter_context(canned()), Path(sys.executable)))
        samples = interleaved(
            {task: partial(worker.cpu_s, task, _CALLS[task.split()[-1]]) for task in worker.tasks}
        )
    print("Warm CPU of one PutRecords of N records of B bytes (client, NxB)")
    show(
        ("", "against boto3's defaults", "us, this machine"),
        [
            (
                f"{name} {shape}",
                times(ratio(taken, samples[f"default {shape}"])),
                f"{median(taken) * 1e6:,.0f}",
            )
            for shape in SHAPES
            for name, taken in ((name, samples[f"{name} {shape}"]) for name in ("default", "ours", "floor"))
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
