"""The functions' client in a process of its own: memory stays flat, and a freeze leaves it whole (K03)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.canned import canned

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from chalicelib.aws import kinesis_stream
from chalicelib.ports import Entry
from chalicelib.retry import Success

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

stream = kinesis_stream("s")
for line in sys.stdin:
    for _ in range(int(line)):
        (outcome,) = stream.put([Entry(b"x" * 300, "k")])
        assert isinstance(outcome, Success), outcome
    print(used(), flush=True)
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    with canned() as url:
        environ = {**os.environ, **keys, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url}
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [sys.executable, "-c", CHILD], stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environ
        ) as process:
            yield process
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(30) == 0


def calls(process: subprocess.Popen[str], count: int) -> int:
    """Let it make so many calls; its resident bytes afterwards."""
    assert process.stdin is not None
    assert process.stdout is not None
    print(count, file=process.stdin, flush=True)
    return int(process.stdout.readline())


def test_memory_is_flat_over_many_calls(child: subprocess.Popen[str]) -> None:
    count = int(os.environ.get("HEADGATE_TEST_CALLS", "4000"))
    before = calls(child, 1000)
    assert calls(child, count) - before < 1_000_000


def test_k03_a_frozen_process_goes_on_where_it_was(child: subprocess.Popen[str]) -> None:
    frozen_s = float(os.environ.get("HEADGATE_TEST_FROZEN_S", "0.2"))
    calls(child, 1)
    for _ in range(3):
        child.send_signal(signal.SIGSTOP)
        time.sleep(frozen_s)  # how long it is frozen is the case itself
        child.send_signal(signal.SIGCONT)
        calls(child, 2)
