"""Resharding 1 → 2 → 4 → 2 under load: nothing is lost, each ordering key keeps its order (I1, I4).

The stage names an ordering field, so a record's shard follows from its event, and every change of the shards
moves keys from parents to children in the middle of their events.
"""

import gzip
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.e2e.local_project import make_project, running_project
from tests.e2e.local_rig import PATIENCE_S, STREAM, Local, eventually, files_in

FIELD = "device"
STEPS = (2, 4, 2)  # UpdateShardCount doubles or halves at most
SHARDS = {f"shardId-{n:012d}" for n in range(1 + sum(STEPS))}
WRITERS, KEYS_EACH, EVENTS_EACH = 3, 8, 3
ROUNDS = 3  # posts of every writer between two changes of the shards


class Writer:
    """Posts batches for keys of its own, one after the other; a key's events are numbered from 0."""

    def __init__(self, local: Local, number: int) -> None:
        self.rounds = 0
        self.shards: set[str] = set()
        self.repeated = 0
        self._local = local
        self._number = number
        self._end = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def keys(self) -> list[str]:
        """The ordering keys."""
        return [f"{self._number}/{key}" for key in range(KEYS_EACH)]

    def is_alive(self) -> bool:
        """Whether it posts."""
        return self._thread.is_alive()

    def finish(self) -> None:
        """Let the batch on its way be its last. Raises what ended it before."""
        self._end.set()
        self._thread.join(PATIENCE_S)
        if self._failure is not None:
            raise self._failure
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with self._local.http() as http:
                while not self._end.is_set():
                    self._post(http)
        except BaseException as failure:
            self._failure = failure
            raise

    def _post(self, http: Any) -> None:
        first = self.rounds * EVENTS_EACH
        events = [{FIELD: key, "n": n} for n in range(first, first + EVENTS_EACH) for key in self.keys]
        body = json.dumps(events).encode()
        key = f"{self._number}-{self.rounds}"
        while (answer := http.post(body, Idempotency_Key=key)).status in (429, 503):
            # Every shard is at its limit for a moment; the same key gives copies the same ids (I3).
            self.repeated += 1
        assert answer.status == 200, answer
        self.shards |= {record["ShardId"] for record in answer.json["Records"]}
        self.rounds += 1


def reshard(kinesis: Any, writers: list[Writer], target: int) -> None:
    """Change the number of shards, then wait until every writer has posted often enough since."""
    kinesis.update_shard_count(StreamName=STREAM, TargetShardCount=target, ScalingType="UNIFORM_SCALING")

    def is_done() -> bool:
        summary = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]
        return bool(summary["StreamStatus"] == "ACTIVE" and summary["OpenShardCount"] == target)

    eventually(is_done)
    let_post(writers)


def let_post(writers: list[Writer]) -> None:
    """Wait for some rounds of each."""
    wanted = {writer: writer.rounds + ROUNDS for writer in writers}

    def is_enough() -> bool:
        return all(writer.rounds >= rounds or not writer.is_alive() for writer, rounds in wanted.items())

    eventually(is_enough)


def lines_as_written(data: Path, prefix: str) -> list[dict[str, Any]]:
    """Every line's value; objects in the order in which they were written, whatever their names."""
    paths = sorted(files_in(data, prefix), key=lambda path: path.stat().st_mtime_ns)
    return [json.loads(line) for path in paths for line in gzip.decompress(path.read_bytes()).splitlines()]


def numbers_by_key(events: Iterable[dict[str, Any]]) -> dict[str, list[int]]:
    """Each key's numbers in the order of their first copies: a repeated request may have given more."""
    found: dict[str, dict[int, None]] = {}
    for event in events:
        found.setdefault(event[FIELD], {}).setdefault(event["n"])
    return {key: list(numbers) for key, numbers in found.items()}


def test_resharding_under_load_loses_nothing_and_keeps_the_order_of_every_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    project = make_project(tmp_path / "project", {"ordering_field": f"/{FIELD}"})
    with running_project(project, data, shards=1) as (run, local):
        kinesis = local.client("kinesis")
        writers = [Writer(local, number) for number in range(WRITERS)]
        let_post(writers)
        for target in STEPS:
            reshard(kinesis, writers, target)
        for writer in writers:
            writer.finish()
        kinesis.close()
        assert run.stop().nothing

    assert set().union(*(writer.shards for writer in writers)) == SHARDS
    expected = {key: list(range(writer.rounds * EVENTS_EACH)) for writer in writers for key in writer.keys}
    assert numbers_by_key(lines_as_written(data, "raw-data")) == expected
    curated = lines_as_written(data, "curated")
    assert numbers_by_key(line["event"] for line in curated) == expected
    copies = len(curated) - len({line["event_id"] for line in curated})
    assert copies == 0 or any(writer.repeated for writer in writers)
    assert {line["shard_id"] for line in curated} == SHARDS
