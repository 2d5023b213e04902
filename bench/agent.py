"""`python -m bench.agent`: the log agent against a naive one, and its cost when idle and when behind.

Conversion and delivery are CPU time of this process, in rounds that alternate; `--backlog-mb` and `--idle-s`
set the size of the two runs of a whole agent process.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.agent_process import idle_share, peak_memory_mb
from bench.canned import canned
from bench.rounds import interleaved, ratio
from bench.table import Goal, judge, show, times
from headgate.agent.compose import make_chain, make_sink
from headgate.agent.config.load import load
from headgate.agent.convert.build import Surroundings, build_chain
from headgate.agent.run import Agent
from headgate.agent.state import State
from headgate.agent.tail.disk import RealDisk

_SAMPLE = Path(__file__).parent.parent / "tests" / "data" / "apache_access_1500.log"
_OPTION = {"optionName": "LOGTOJSON", "logFormat": "COMBINEDAPACHELOG"}
_BLOCK_BYTES = 256 * 1024
_CALL_RECORDS = 500
_ROUNDS = 3
# One pass of one expression, as a reader of the format's description would write it.
_STRAIGHT = re.compile(
    r'(?P<host>\S+) (?P<ident>\S+) (?P<authuser>\S+) \[(?P<datetime>[^\]]+)\] "(?P<request>[^"]+)" '
    r'(?P<response>\S+) (?P<bytes>\S+) "(?P<referer>[^"]+)" "(?P<agent>[^"]+)"'
)


def straight(line: bytes) -> bytes | None:
    """A line by one `re` pass and json.dumps."""
    match = _STRAIGHT.match(line.decode("utf-8", "replace"))
    if match is None:
        return None
    fields = {name: None if value == "-" else value for name, value in match.groupdict().items()}
    return (json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of this process, all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def convert_ours(data: bytes) -> None:
    """All lines through the converter, in blocks as the agent reads them."""
    chain = build_chain([_OPTION], Surroundings(lambda: datetime.now(UTC), lambda: None))
    position = 0
    while position < len(data):
        end = data.rfind(b"\n", position, position + _BLOCK_BYTES) + 1
        chain.convert_block(data[position:end])
        position = end


def convert_straight(data: bytes) -> None:
    """All lines through one expression."""
    for line in data.split(b"\n"):
        straight(line)


def deliver_naive(path: Path, url: str) -> None:
    """Line, record, put_records of 500, with a client as boto3 makes it."""
    import boto3  # noqa: PLC0415 - only this contestant needs it

    client = boto3.client("kinesis", endpoint_url=url, region_name="us-east-1")
    records: list[dict[str, Any]] = []
    with path.open("rb") as file:
        for number, line in enumerate(file):
            data = straight(line)
            if data is not None:
                records.append({"Data": data, "PartitionKey": str(number)})
            if len(records) == _CALL_RECORDS:
                client.put_records(StreamName="s", Records=records)
                records = []
    if records:
        client.put_records(StreamName="s", Records=records)


def deliver_ours(path: Path, url: str, pack_bytes: int) -> None:
    """The agent, once over the file, with its checkpoints on disk."""
    configuration = {
        "kinesis.endpoint": url,
        "kinesis.region": "us-east-1",
        "cloudwatch.emitMetrics": False,
        "flows": [
            {
                "filePattern": str(path),
                "kinesisStream": "s",
                "initialPosition": "START_OF_FILE",
                "packBytes": pack_bytes,
                "dataProcessingOptions": [_OPTION],
            }
        ],
    }
    loaded = load(
        json.dumps(configuration), {}, cores=1, check_options=make_chain, read_secret=lambda _path: ""
    )
    assert loaded.settings is not None, loaded.problems
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder))
        state.lock()
        Agent(loaded.settings, state, RealDisk(), make_sink).run(once=True, reload=lambda: None)
        state.unlock()


def compare_delivery(data: bytes) -> tuple[list[list[str]], float, float]:
    """Rows of the table, and naive/ours for packed and for single records."""
    with tempfile.TemporaryDirectory() as folder, canned() as url:
        path = Path(folder) / "access.log"
        path.write_bytes(data)
        samples = interleaved(
            {
                "naive: re, json.dumps, put_records(500)": lambda: cpu_s(lambda: deliver_naive(path, url)),
                "agent, one line per record": lambda: cpu_s(lambda: deliver_ours(path, url, 0)),
                "agent, packBytes 25600": lambda: cpu_s(lambda: deliver_ours(path, url, 25_600)),
            },
            rounds=_ROUNDS,
        )
    naive, single, packed = samples.values()
    rows = [row(name, len(data), taken, naive) for name, taken in samples.items()]
    return rows, ratio(naive, packed), ratio(naive, single)


def row(name: str, size: int, taken: list[float], baseline: list[float]) -> list[str]:
    """Name, MB per CPU second, ratio."""
    return [name, f"{size / 1e6 / sorted(taken)[len(taken) // 2]:.0f}", times(ratio(baseline, taken))]


def main(argv: list[str] | None = None) -> int:
    """Print everything; MISSED when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=60, help="of the sample log (342 KB each)")
    parser.add_argument("--backlog-mb", type=int, default=100, help="of the memory run")
    parser.add_argument("--idle-s", type=float, default=20.0, help="of the idle run")
    args = parser.parse_args(argv)
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    data = _SAMPLE.read_bytes() * args.copies
    samples = interleaved(
        {
            "one re pass, json.dumps": lambda: cpu_s(lambda: convert_straight(data)),
            "LOGTOJSON of the agent": lambda: cpu_s(lambda: convert_ours(data)),
        },
        rounds=_ROUNDS,
    )
    baseline, ours = samples.values()
    show(
        ("conversion", "MB/s", "ratio"), [row(n, len(data), taken, baseline) for n, taken in samples.items()]
    )
    rows, packed, single = compare_delivery(data)
    show(("file to Kinesis", "MB/s", "ratio"), rows)
    idle = idle_share(files=100, seconds=args.idle_s)
    peak_mb = peak_memory_mb(_SAMPLE.read_bytes(), args.backlog_mb)
    print(f"one line per record: {times(single)} the naive loop")
    print(f"idle with 100 files: {idle:.4%} of a core")
    print(f"resident memory with {args.backlog_mb} MB behind: {peak_mb:.0f} MB")
    return judge(
        [
            Goal("LOGTOJSON, re pass / agent (CPU)", ratio(ours, baseline), 1 / 1.5),
            Goal("file to Kinesis, packed, agent / naive (CPU)", 1 / packed, 1 / 3),
            Goal("idle share of a core", idle, 0.001),
            Goal("resident memory, MB", peak_mb, 80),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
