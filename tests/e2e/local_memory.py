"""Memory of the local run after each 50,000 events: `python -m tests.e2e.local_memory [events]`.

Prints resident (RSS) and proportional (PSS) megabytes of the supervisor and its two processes. PSS shares the
common pages out among the processes, so only its sum is the memory that the run takes. Not part of the tests.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.local_process import Command
from tests.e2e.local_rig import Http, Local, memory_bytes

_BATCH = 500
_STEP = 50_000
_MIB = 1024 * 1024


def main(events: int = 400_000) -> None:
    """Send events of 300 bytes in batches and print a row for each step."""
    with tempfile.TemporaryDirectory(prefix="headgate-memory-") as folder, Command(Path(folder)) as command:
        local = command.up()
        pids = {"supervisor": command.pid, **local.pids}
        _say("events    " + "".join(f"{name + ' RSS/PSS':>22}" for name in pids) + "   sum PSS    events/s")
        _row(0, pids, 0.0)
        body = json.dumps([{"type": "memory", "pad": "x" * 270}] * _BATCH).encode()
        with local.http() as http:
            for sent in range(_STEP, events + 1, _STEP):
                rate = _step(http, body)
                _row(sent, pids, rate)
        _settle(local)
        _say("delivered")
        _row(events, pids, 0.0)
        command.terminate()
        _say(f"exit code {command.ended()[0]}")


def _step(http: Http, body: bytes) -> float:
    start_s = time.monotonic()
    for _ in range(_STEP // _BATCH):
        answer = http.post(body)
        while answer.status in (429, 503):  # the shard's limit of 1 MB/s, as on AWS
            answer = http.post(body)
        assert answer.status == 200, answer
    return _STEP / (time.monotonic() - start_s)


def _settle(local: Local) -> None:
    """Wait until the files stop growing in number."""
    before = -1
    while (now := sum(1 for _ in (local.data / "s3").rglob("*.gz"))) != before:
        before = now
        time.sleep(3)


def _row(events: int, pids: dict[str, int], rate: float) -> None:
    shown = {
        name: (memory_bytes(pid, "Rss") / _MIB, memory_bytes(pid, "Pss") / _MIB) for name, pid in pids.items()
    }
    cells = "".join(f"{rss:>13.1f} /{pss:>7.1f}" for rss, pss in shown.values())
    _say(f"{events:<10}{cells}{sum(pss for _, pss in shown.values()):>10.1f}{rate:>12.0f}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
