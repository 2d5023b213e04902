"""Does a Kinesis keep what it has acknowledged? Writers, readers and a resharder at once, then the count.

`python -m tests.e2e.kinesis_conservation --against ours|moto --seconds 15` prints the figures;
`test_kinesis_conservation` runs the same function for a number of records. Source of what must hold:
Developer Guide, "Reshard a stream": whoever reads parents to their end before their children keeps order.
"""

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import kinesis_server
from tests.e2e.kinesis_client import STREAM, Client
from tests.e2e.kinesis_readers import Readers

WRITERS = 8
READERS = 8
_KEYS = 50  # of each writer
_RESHARD_PAUSE_S = 0.05


@dataclass
class Report:
    """What came of a run; every count but the first and the last two has to be 0."""

    acknowledged: int = 0
    refused: int = 0
    never_read: int = 0
    read_twice: int = 0
    out_of_order: int = 0
    lost_afterwards: int = 0
    reshards: int = 0
    in_children: int = 0  # records in shards that a reshard made


def run(port: int, enough: Callable[[int], bool], *, reshard: bool = True, seed: int = 1) -> Report:
    """Write until `enough(records acknowledged)`, read and (if asked) reshard meanwhile, and compare."""
    control = Client(port)
    control.call("CreateStream", StreamName=STREAM, ShardCount=2)
    report, acknowledged, lock = Report(), list[bytes](), threading.Lock()
    writing, readers = threading.Event(), Readers(port)
    writing.set()

    def write(writer: int) -> None:
        try:
            for sent, done in _rounds(port, writer):
                with lock:
                    acknowledged.extend(done)
                    report.refused += sent - len(done)
                    if enough(len(acknowledged)) or not writing.is_set():
                        return
        finally:
            writing.clear()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    dice = random.Random(seed)  # noqa: S311 - the same reshards in every run
    resharder = threading.Thread(target=lambda: _reshard(port, writing, report, dice))
    threads += [resharder] if reshard else []
    for thread in threads:
        thread.start()
    readers.start(READERS)
    for thread in threads:
        thread.join()
    _count(report, acknowledged, readers.finish())
    _count_afterwards(report, acknowledged, control)
    control.close()
    return report


def _rounds(port: int, writer: int) -> Iterator[tuple[int, list[bytes]]]:
    """Write the next record of each key, one singly and the rest as a batch; yield sent and acknowledged."""
    client, number = Client(port), 0
    try:
        while True:
            number += 1
            data = [b"%d-%d:%d" % (writer, key, number) for key in range(_KEYS)]
            first, *rest = [
                {"PartitionKey": item.partition(b":")[0].decode(), "Data": b64encode(item).decode()}
                for item in data
            ]
            _, single = client.call("PutRecord", StreamName=STREAM, **first)
            _, batch = client.call("PutRecords", StreamName=STREAM, Records=rest)
            answers = [single, *batch.get("Records", [{}] * len(rest))]
            yield (
                len(data),
                [item for item, one in zip(data, answers, strict=True) if "SequenceNumber" in one],
            )
    finally:
        client.close()


def _reshard(port: int, writing: threading.Event, report: Report, dice: random.Random) -> None:
    client = Client(port)
    stopped = threading.Event()
    while writing.is_set():
        shards = [
            shard for shard in client.shards() if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        ]
        shards.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
        kind = dice.choice(["split", "merge", "rescale"])
        at = dice.randrange(len(shards))
        first, last = (int(shards[at]["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
        if kind == "split" and len(shards) < 8:
            request = {
                "ShardToSplit": shards[at]["ShardId"],
                "NewStartingHashKey": str((first + last + 1) // 2),
            }
            status, _ = client.call("SplitShard", StreamName=STREAM, **request)
        elif kind == "merge" and at:
            pair = {"ShardToMerge": shards[at - 1]["ShardId"], "AdjacentShardToMerge": shards[at]["ShardId"]}
            status, _ = client.call("MergeShards", StreamName=STREAM, **pair)
        else:
            target = dice.randint(-(-len(shards) // 2), min(8, 2 * len(shards)))
            count = {"TargetShardCount": target, "ScalingType": "UNIFORM_SCALING"}
            status, _ = client.call("UpdateShardCount", StreamName=STREAM, **count)
        report.reshards += status == 200
        stopped.wait(_RESHARD_PAUSE_S)
    client.close()


def _count(report: Report, acknowledged: list[bytes], seen: list[bytes]) -> None:
    times = Counter(seen)
    report.acknowledged = len(acknowledged)
    report.never_read = sum(data not in times for data in acknowledged)
    report.read_twice = sum(count - 1 for count in times.values())
    last: dict[bytes, int] = {}
    for data in seen:
        key, _, number = data.partition(b":")
        report.out_of_order += int(number) < last.get(key, 0)
        last[key] = int(number)


def _count_afterwards(report: Report, acknowledged: list[bytes], client: Client) -> None:
    stored = set[bytes]()
    for shard in client.shards():
        data = client.drain(shard["ShardId"])
        stored.update(data)
        report.in_children += len(data) if "ParentShardId" in shard else 0
    report.lost_afterwards = sum(item not in stored for item in acknowledged)


@contextmanager
def _moto() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _await_port(port)
            yield port
        finally:
            process.kill()


def _await_port(port: int) -> None:
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.05)
    raise TimeoutError(port)


@contextmanager
def _ours() -> Iterator[int]:
    with (
        tempfile.TemporaryDirectory() as folder,
        kinesis_server.running(Path(folder, "k.sqlite")) as (_, port),
    ):
        yield port


def main() -> int:
    """Run against the named server; 1 when something acknowledged was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kinesis_conservation")
    parser.add_argument("--against", choices=("ours", "moto"), default="ours")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--no-reshard", action="store_true")
    arguments = parser.parse_args()
    with (_ours if arguments.against == "ours" else _moto)() as port:
        end_s = time.monotonic() + arguments.seconds
        report = run(port, lambda _: time.monotonic() > end_s, reshard=not arguments.no_reshard)
    print(report)  # noqa: T201 - the command's answer
    return int(any((report.never_read, report.read_twice, report.out_of_order, report.lost_afterwards)))


if __name__ == "__main__":
    sys.exit(main())
