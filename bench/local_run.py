"""`python -m bench.local_run`: the local run from the command to S3: start, latency, events a second, memory.

A buffer of 1 s and 16 shards, so that the stream's own limits (1 MB/s for a shard, as on AWS) are not what
is measured. The peer is `chalice local` with the tutorial's app and moto's server as Kinesis; it delivers
nothing and keeps nothing. One client with one kept connection, on the same machine.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.environment import ROOT
from bench.events import body
from bench.local import Http, Local, wait_until
from bench.local_peer import Peer
from bench.table import Goal, judge, show, times

_RATE_S = 4.0
_MEMORY_S = 8.0
_BATCH = 500
_STEP = 100_000  # events between two readings of the memory


class Figures(NamedTuple):
    """What both have."""

    first_post_s: float  # from the command on
    singles: float  # events a second
    batches: float


class Delivery(NamedTuple):
    """What only ours has: seconds from the first accepted POST on, MiB."""

    raw_s: float
    curated_s: float
    memory_mib: float
    growth_mib: float  # for each _STEP events


def rate(http: Http, events: int, seconds: float) -> tuple[float, int]:
    """Events a second with so many in a request, and how many there were."""
    text = body(events)
    started_s = time.monotonic()
    sent = 0
    while (taken_s := time.monotonic() - started_s) < seconds:
        http.accept(text)
        sent += events
    return sent / taken_s, sent


def measure_peer() -> Figures:
    source = ROOT / "bench" / "cases" / "ingest_tutorial.py"
    with tempfile.TemporaryDirectory() as folder, Peer(Path(folder), source) as peer:
        up_s = peer.up_s()
        with Http(f"127.0.0.1:{peer.port}") as http:
            started_s = time.monotonic()
            http.accept(body(1))
            first_post_s = up_s + time.monotonic() - started_s
            return Figures(first_post_s, rate(http, 1, _RATE_S)[0], rate(http, _BATCH, _RATE_S)[0])


def measure_ours() -> tuple[Figures, Delivery]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Local(Path(folder), shards=16) as local,
        Http(local.host) as http,
    ):
        http.accept(body(1))
        first_post_s = local.age_s()
        wait_until(lambda: local.lines("raw-data") > 0)
        raw_s = local.age_s() - first_post_s
        wait_until(lambda: local.lines("curated") > 0)
        curated_s = local.age_s() - first_post_s
        figures = Figures(first_post_s, rate(http, 1, _RATE_S)[0], rate(http, _BATCH, _RATE_S)[0])
        before_mib = local.memory_mib()
        _, sent = rate(http, _BATCH, _MEMORY_S)
        after_mib = local.memory_mib()
    return figures, Delivery(raw_s, curated_s, after_mib, (after_mib - before_mib) * _STEP / sent)


def main() -> int:
    """Print the table; 0 if the goals are met."""
    peer = measure_peer()
    ours, delivery = measure_ours()
    print("The local run, 16 shards, buffers of 1 s, one client; the peer is chalice local + moto's server")
    show(
        ("", "ours", "the peer", "ours / peer"),
        [
            _row("seconds, command to the first accepted POST", ours.first_post_s, peer.first_post_s),
            _row("events a second, one in a request", ours.singles, peer.singles),
            _row(f"events a second, {_BATCH} in a request", ours.batches, peer.batches),
            ("seconds from there to the first object in raw-data", f"{delivery.raw_s:.1f}", "", ""),
            ("seconds from there to the first object in curated", f"{delivery.curated_s:.1f}", "", ""),
            ("MiB of all its processes", f"{delivery.memory_mib:,.0f}", "", ""),
            (f"MiB more for each {_STEP:,} events", f"{delivery.growth_mib:,.1f}", "", ""),
        ],
    )
    return judge(
        [
            Goal("seconds from the command to the first accepted POST", ours.first_post_s, 5.0),
            Goal("seconds from there to the first S3 object", delivery.raw_s, 3.0),
        ]
    )


def _row(name: str, ours: float, peers: float) -> tuple[str, str, str, str]:
    return name, f"{ours:,.1f}", f"{peers:,.1f}", times(ours / peers)


if __name__ == "__main__":
    sys.exit(main())
