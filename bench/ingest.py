"""`python -m bench.ingest`: CPU of one warm POST, ours against the tutorials' handler and powertools.

Each handler is called as Lambda calls it, with an API Gateway event; its real boto3 client puts to a loopback
process that answers at once. Ours always checks strict JSON; "schema" rows also check a JSON Schema.
"""

import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.canned import canned
from bench.environment import HOW_TO_INSTALL, PEERS_PYTHON, copy_app, peers_installed
from bench.events import CHECKED_TYPE, SCHEMA
from bench.rounds import Samples, interleaved, ratio
from bench.table import Goal, judge, show, times
from bench.worker import Worker

# Requests in a turn, rounds: many short turns, because a busy moment is as long as several single requests.
_TURNS = {"1": (10, 61), "100": (8, 15), "500": (5, 15)}
_SLOW_CALLS = {"1": 5, "100": 1}  # powertools compiles the schema for each event
_BASE = "tutorial"


def measure() -> Samples:
    """CPU seconds per request, by "contestant task"."""
    samples: Samples = {}
    with ExitStack() as held:
        workers = _workers(held)
        for size, (calls, rounds) in _TURNS.items():
            contestants = {
                f"{name} {task}": partial(worker.cpu_s, task, slow or calls)
                for name, worker in workers.items()
                for task in worker.tasks
                if task.split()[-1] == size
                for slow in (_SLOW_CALLS[size] if name == "powertools" and " " in task else 0,)
            }
            single = {_single(size): partial(workers[_BASE].cpu_s, "1", _TURNS["1"][0])}
            samples |= interleaved(single | contestants, rounds)
    return samples


def _single(size: str) -> str:
    """The tutorial's single put in the rounds of a size: what an event is compared with."""
    return f"single put beside {size}"


def _workers(held: ExitStack) -> dict[str, Worker]:
    app = copy_app(Path(held.enter_context(tempfile.TemporaryDirectory())), {CHECKED_TYPE: SCHEMA})
    url, here = held.enter_context(canned()), Path(sys.executable)
    workers = {
        _BASE: held.enter_context(Worker("ingest_tutorial", url, here)),
        "ours": held.enter_context(Worker("ingest_ours", url, here, {"BENCH_APP": str(app)})),
    }
    if peers_installed():
        workers["powertools"] = held.enter_context(Worker("ingest_powertools", url, PEERS_PYTHON))
    return workers


def main() -> int:
    """Print the table; 0 if the goals are met."""
    samples = measure()
    rows = []
    for name, taken in samples.items():
        size = name.split()[-1]
        if name != _single(size):
            same_size = ratio(taken, samples[f"{_BASE} {size}"])
            rows.append((name, times(same_size), times(ratio(taken, samples[_single(size)]) / int(size))))
    print("Warm CPU of one POST with N events of 300 bytes (contestant, kind of request, N)")
    show(("", "a request, against the tutorial's", "an event, against the tutorial's single put"), rows)
    if not peers_installed():
        print(f"powertools: {HOW_TO_INSTALL}")
    one = ratio(samples["ours schema 1"], samples["tutorial 1"])
    of_500 = ratio(samples["ours NDJSON 500"], samples[_single("500")]) / 500
    return judge(
        [
            Goal("one event, schema checked / the tutorial's put_record", one, 0.40),
            Goal("one of 500 events (NDJSON) / the tutorial's put_record", of_500, 0.006),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
