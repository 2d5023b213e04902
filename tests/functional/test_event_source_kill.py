"""I11: `kill -9` of the poller at any moment loses no record, and repeats only what was not checkpointed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.local_kinesis import kinesis_client, local_kinesis

RECORDS = 400
DEADLINE_S = 30.0


def lines_of(path: Path) -> list[int]:
    return [int(line) for line in path.read_bytes().split(b"\n") if line] if path.exists() else []


def test_i11_a_killed_poller_loses_nothing(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with local_kinesis(tmp_path / "kinesis.sqlite") as url, kinesis_client(url) as kinesis:
        kinesis.create_stream(StreamName="events", ShardCount=2)
        for start in range(0, RECORDS, 200):
            records = [
                {"PartitionKey": f"key-{number % 7}", "Data": b"%d" % number}
                for number in range(start, start + 200)
            ]
            kinesis.put_records(StreamName="events", Records=records)
        command = [
            sys.executable,
            "-m",
            "tests.event_source_child",
            url,
            str(tmp_path / "poller"),
            str(output),
        ]
        ends = []
        for enough in (5, 170):
            child = subprocess.Popen(command)
            end_s = time.monotonic() + DEADLINE_S
            while len(lines_of(output)) < enough and child.poll() is None:
                assert time.monotonic() < end_s
                time.sleep(0.001)
            child.kill()
            ends.append(child.wait())
        subprocess.run(command, check=True, timeout=DEADLINE_S)
    # On a machine that stands still for a second the later one may have ended by itself before it was killed.
    assert ends[0] == -signal.SIGKILL
    seen = lines_of(output)
    assert set(seen) == set(range(RECORDS))
    for key in range(7):
        first_time = list(dict.fromkeys(number for number in seen if number % 7 == key))
        assert first_time == sorted(first_time)
    # Each kill may repeat what was read ahead of the checkpoint, and no more than that.
    assert len(seen) < 2 * RECORDS
