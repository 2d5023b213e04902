"""`python -m bench.send`: accepted events a second of three ways to send a CSV file to one loopback endpoint.

A requests.Session with one event per request, ours with its defaults, ours with --one-by-one. The goal is 5
times the first. Rounds alternate, so that a busy moment of the machine hits all three; the median of each is
printed.
"""

import argparse
import csv
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from bench.table import MISSED
from headgate.send import command
from headgate.send.arguments import from_arguments
from headgate.send.run import run
from headgate.terminal import Printer

GOAL = 5.0
FIELDS = [f"field_{place}" for place in range(8)]
CELL_CHARS = 22  # makes an event of about 300 bytes


def write_csv(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows([f"{row:0{CELL_CHARS}}"] * len(FIELDS) for row in range(rows))


def with_requests(path: Path, url: str) -> int:
    accepted = 0
    with path.open(newline="", encoding="utf-8") as file, requests.Session() as session:
        for row in csv.DictReader(file):
            response = session.post(url, json=row, timeout=30)
            response.raise_for_status()
            accepted += "SequenceNumber" in response.json()
    return accepted


def with_ours(path: Path, url: str, *flags: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    out, err = io.StringIO(), io.StringIO()
    code = run(from_arguments(parser.parse_args(["-f", str(path), "-u", url, *flags])), Printer(out, err))
    if code:
        raise SystemExit(err.getvalue())
    return int(out.getvalue().split(" accepted")[0].replace(",", ""))


@contextmanager
def canned_server() -> Iterator[str]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "bench.send_server"], stdin=pipe, stdout=pipe, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        server.stdin.close()


def measure(url: str, rounds: int, batched_rows: int, single_rows: int, flags: list[str]) -> dict[str, float]:
    """Events a second by way, the median of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        many, few = Path(folder) / "many.csv", Path(folder) / "few.csv"
        write_csv(many, batched_rows)
        write_csv(few, single_rows)
        ways: dict[str, Callable[[], int]] = {
            "requests.Session, one by one": lambda: with_requests(few, url),
            "headgate send": lambda: with_ours(many, url, *flags),
            "headgate send --one-by-one": lambda: with_ours(few, url, "--one-by-one", *flags),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                started_s = time.perf_counter()
                accepted = way()
                rates[name].append(accepted / (time.perf_counter() - started_s))
    return {name: statistics.median(each) for name, each in rates.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare three ways to send a CSV file.")
    parser.add_argument("--url", help="a real endpoint in place of the canned one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000, help="sent in batches (default: %(default)s)")
    parser.add_argument(
        "--single-rows", type=int, default=2_000, help="sent one by one (default: %(default)s)"
    )
    parser.add_argument("flags", nargs="*", help="after --: more flags for headgate send")
    args = parser.parse_args()
    sizes = (args.rounds, args.rows, args.single_rows, args.flags)
    if args.url:
        rates = measure(args.url, *sizes)
    else:
        with canned_server() as url:
            rates = measure(url, *sizes)
    base = next(iter(rates.values()))
    for name, rate in rates.items():
        print(f"{name:<30} {rate:>10,.0f} events/s  {rate / base:>6.1f} x")
    met = rates["headgate send"] >= GOAL * base
    print(f"goal: headgate send >= {GOAL:g} x: {'met' if met else 'MISSED'}")
    return 0 if met else MISSED


if __name__ == "__main__":
    sys.exit(main())
