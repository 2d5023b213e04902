"""The stream reader through boto3 against our own Kinesis, with resharding in the middle (K08).

Kinesis throttles on the pretended clock on which the reader polls.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.records import Position, StreamReader
from tests.local_kinesis import kinesis_client, local_kinesis


class Clock:
    """Epoch seconds that only the test moves."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kinesis(tmp_path: Path, clock: Clock) -> Iterator[Any]:
    with local_kinesis(tmp_path / "kinesis.sqlite", clock) as url, kinesis_client(url) as client:
        client.create_stream(StreamName="events", ShardCount=2)
        yield client


def put(kinesis: Any, numbers: range) -> None:
    records = [{"PartitionKey": f"key-{number % 7}", "Data": b"%d" % number} for number in numbers]
    assert kinesis.put_records(StreamName="events", Records=records)["FailedRecordCount"] == 0


def read_all(reader: StreamReader, clock: Clock) -> dict[str, list[int]]:
    """Read and commit to the tip, as fast as the reader itself wants to."""
    seen: dict[str, list[int]] = defaultdict(list)
    since_s = clock.now_s
    while not reader.caught_up(since_s):
        reader.hurry()
        clock.now_s = max(clock.now_s + 0.001, reader.due_s())
        assert clock.now_s < since_s + 60
        for batch in reader.poll(clock.now_s):
            for record in batch.records:
                seen[str(record.partition_key)].append(int(record.data))
            reader.commit(batch.shard_id, batch.checkpoint)
    return seen


def test_k08_every_record_is_read_once_and_in_order_through_splits_and_merges(
    kinesis: Any, clock: Clock
) -> None:
    put(kinesis, range(100))
    kinesis.split_shard(
        StreamName="events", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**126)
    )
    put(kinesis, range(100, 200))
    kinesis.merge_shards(
        StreamName="events",
        ShardToMerge="shardId-000000000003",
        AdjacentShardToMerge="shardId-000000000001",
    )
    put(kinesis, range(200, 300))
    seen = read_all(StreamReader(kinesis, "events", Position.trim_horizon()), clock)
    assert seen == {f"key-{key}": list(range(key, 300, 7)) for key in range(7)}


def test_a_second_reader_continues_after_the_checkpoints_of_the_first(kinesis: Any, clock: Clock) -> None:
    put(kinesis, range(50))
    first = StreamReader(kinesis, "events", Position.trim_horizon())
    read_all(first, clock)
    kinesis.update_shard_count(StreamName="events", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    put(kinesis, range(50, 100))
    seen = read_all(StreamReader(kinesis, "events", Position.trim_horizon(), first.checkpoints), clock)
    assert sorted(number for numbers in seen.values() for number in numbers) == list(range(50, 100))
