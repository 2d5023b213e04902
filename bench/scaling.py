"""`python -m bench.scaling`: CPU per event against the number of events in flight and the number of shards.

First the two handlers, with so many events in one invocation; then the whole local run: a burst of so many
events, from the first POST until the last curated line is in S3, CPU of all its processes. Flat is 1x.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import mean, median

from bench.canned import canned
from bench.events import body
from bench.local import Http, Local, wait_until
from bench.rounds import interleaved, ratio
from bench.table import show, times
from bench.worker import Worker

_BURSTS = (1, 10, 100, 1_000, 10_000)
_SMALL, _SMALL_TIMES = 100, 4  # so small a burst costs no more than the idle run varies
_SHARDS = (1, 4, 16)
_BATCH = 500
_IDLE_S = 2.0


def handlers() -> None:
    """The table of the two handlers."""
    with ExitStack() as held:
        worker = held.enter_context(
            Worker("scaling_ours", held.enter_context(canned()), Path(sys.executable))
        )
        samples = interleaved({t: partial(worker.cpu_s, t, _calls(t)) for t in worker.tasks}, rounds=7)
    print("CPU per event of one invocation with N events, against the largest N of its kind (handler, N)")
    last = {name.split()[0]: name for name in samples}
    show(
        ("", "per event", "us per event, this machine"),
        [
            (
                name,
                times(ratio(taken, samples[last[kind]]) * int(last[kind].split()[1]) / int(n)),
                f"{median(taken) / int(n) * 1e6:.1f}",
            )
            for name, taken in samples.items()
            for kind, n in (name.split(),)
        ],
    )


def _calls(task: str) -> int:
    return max(1, 40 // int(task.split()[1]))


def whole_path(shards: int) -> dict[int, float]:
    """CPU seconds per event by size of the burst."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Local(Path(folder), shards) as local,
        Http(local.host) as http,
    ):
        burst(local, http, _BATCH)  # what only the first events cost
        idle = idle_share(local)
        return {
            size: mean(burst(local, http, size, idle) for _ in range(_SMALL_TIMES if size <= _SMALL else 1))
            for size in _BURSTS
        }


def burst(local: Local, http: Http, events: int, idle: float = 0.0) -> float:
    """CPU seconds per event until all are curated, less what the processes use when nothing is to be done."""
    expected = local.lines("curated") + events
    started_s, before_s = time.monotonic(), local.cpu_s()
    for at in range(0, events, _BATCH):
        http.accept(body(min(_BATCH, events - at)))
    wait_until(lambda: local.lines("curated") >= expected)
    return (local.cpu_s() - before_s - idle * (time.monotonic() - started_s)) / events


def idle_share(local: Local) -> float:
    """CPU seconds a second of a run that does nothing."""
    before_s = local.cpu_s()
    time.sleep(_IDLE_S)
    return (local.cpu_s() - before_s) / _IDLE_S


def main() -> int:
    """Print the tables."""
    handlers()
    taken = {shards: whole_path(shards) for shards in _SHARDS}
    base = taken[1][_BURSTS[-1]]
    print(f"CPU per event of the whole local run, against {_BURSTS[-1]:,} events on one shard (row: shards)")
    show(
        ("", *(f"{size:,} in flight" for size in _BURSTS)),
        [
            # A burst that costs no more than the idle run varies has no figure.
            (str(shards), *(times(cost / base) if cost > 0 else "-" for cost in costs.values()))
            for shards, costs in taken.items()
        ],
    )
    print(f"1x is {base * 1e6:.0f} us on this machine")
    return 0


if __name__ == "__main__":
    sys.exit(main())
