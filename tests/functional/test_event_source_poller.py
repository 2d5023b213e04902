"""The poller with its real threads, clock and checkpoint file; once through boto3 against moto."""

import json
import resource
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from headgate.local.errors import LocalError
from headgate.local.event_source import CheckpointStore, EventSourcePoller
from headgate.records import Pace
from tests.event_source_cases import mapping_of
from tests.fake_stream import FakeStream

QUICK = Pace(idle_s=0.02, behind_s=0.01)
DEADLINE_S = 20.0


class FakeS3:
    """Keeps what is put."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def put_object(self, **request: Any) -> object:
        self.bodies.append(json.loads(request["Body"]))
        return {}


class Function:
    """Records what it is given; raises for poison."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.threads: set[str] = set()

    def __call__(self, event: dict[str, Any]) -> object:
        self.threads.add(threading.current_thread().name)
        batch = [b64decode(record["kinesis"]["data"]) for record in event["Records"]]
        if b"poison" in batch:
            raise ValueError("poison")
        self.seen += batch
        return None


def data_of(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def wait_for(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s, "it did not happen"
        threading.Event().wait(0.01)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CheckpointStore]:
    with CheckpointStore(tmp_path / "poller.sqlite") as store:
        yield store


def poller_of(
    stream: FakeStream, store: CheckpointStore, function: Callable[[dict[str, Any]], object], **settings: Any
) -> EventSourcePoller:
    return EventSourcePoller(mapping_of(**settings), stream, FakeS3(), function, store, pace=QUICK)


def test_a_drain_reads_everything_and_hands_it_over_once(store: CheckpointStore) -> None:
    stream, function = FakeStream(shards=4, limit=50), Function()
    for number, data in enumerate(data_of(500)):
        stream.put(chr(number % 250), data)
    poller = poller_of(stream, store, function, parallelization=2, batching_window_s=300)
    poller.start()
    assert poller.drain(DEADLINE_S)
    assert sorted(function.seen) == sorted(data_of(500))
    assert len(function.threads) > 1


def test_records_that_come_later_are_found_without_a_drain(store: CheckpointStore) -> None:
    stream, function = FakeStream(), Function()
    poller = poller_of(stream, store, function)
    poller.start()
    wait_for(lambda: "GetRecords shardId-000000000000" in stream.calls)
    stream.put("k", b"late")
    wait_for(lambda: bool(function.seen))
    poller.stop()
    assert function.seen == [b"late"]


def test_a_second_start_goes_on_where_the_first_one_stopped(store: CheckpointStore) -> None:
    stream, first, second = FakeStream(), Function(), Function()
    stream.put("k", b"one")
    poller = poller_of(stream, store, first)
    poller.start()
    assert poller.drain(DEADLINE_S)
    stream.put("k", b"two")
    poller = poller_of(stream, store, second)
    poller.start()
    assert poller.drain(DEADLINE_S)
    assert (first.seen, second.seen) == ([b"one"], [b"two"])


def test_k08_a_drain_follows_the_children_of_a_split_shard(store: CheckpointStore) -> None:
    stream, function = FakeStream(), Function()
    stream.put("k", b"parent")
    stream.split("shardId-000000000000")
    stream.put("k", b"child")
    poller = poller_of(stream, store, function)
    poller.start()
    assert poller.drain(DEADLINE_S)
    assert function.seen == [b"parent", b"child"]
    assert store.load("the-mapping")["shardId-000000000000"] == "SHARD_END"


def test_t04_t05_a_poison_record_is_left_at_the_destination_and_the_rest_goes_on(
    store: CheckpointStore,
) -> None:
    stream, function, s3 = FakeStream(), Function(), FakeS3()
    for data in (b"1", b"poison", b"2"):
        stream.put("k", data)
    mapping = mapping_of(bisect=True, max_retries=0, bucket="failures")
    poller = EventSourcePoller(mapping, stream, s3, function, store, pace=QUICK)
    poller.start()
    assert poller.drain(DEADLINE_S)
    assert function.seen == [b"1", b"2"]
    (document,) = s3.bodies
    (record,) = json.loads(document["payload"])["Records"]
    assert b64decode(record["kinesis"]["data"]) == b"poison"
    assert poller.counts["dropped:RetryAttemptsExhausted"] == 1


def test_a_drain_that_cannot_end_says_so_at_its_deadline(store: CheckpointStore) -> None:
    stream = FakeStream()
    stream.put("k", b"poison")
    poller = poller_of(stream, store, Function())
    poller.start()
    assert not poller.drain(0.2)
    assert store.load("the-mapping") == {}


def test_a_stream_that_cannot_be_read_is_logged_and_does_not_end_the_poller(store: CheckpointStore) -> None:
    stream, log = FakeStream(), list[str]()
    stream.list_refusals = ["ResourceNotFoundException"]
    poller = EventSourcePoller(mapping_of(), stream, FakeS3(), Function(), store, pace=QUICK, log=log.append)
    poller.start()
    wait_for(lambda: bool(log))
    poller.stop()
    assert "the stream events cannot be read" in log[0]


def test_checkpoints_that_cannot_be_kept_end_the_poller_with_one_sentence(store: CheckpointStore) -> None:
    stream = FakeStream()
    stream.put("k", b"x")
    poller = poller_of(stream, store, Function())
    store.close()
    poller.start()
    wait_for(lambda: poller.failure is not None)
    with pytest.raises(LocalError, match="closed"):
        poller.drain(DEADLINE_S)


def test_a_disabled_mapping_reads_nothing(store: CheckpointStore) -> None:
    stream = FakeStream()
    stream.put("k", b"x")
    poller = poller_of(stream, store, Function(), enabled=False)
    poller.start()
    assert poller.drain(DEADLINE_S)
    assert stream.calls == []


def test_an_idle_poller_asks_at_its_pace_and_uses_nearly_no_processor(store: CheckpointStore) -> None:
    stream = FakeStream()
    pace = Pace(idle_s=0.1)
    poller = EventSourcePoller(mapping_of(), stream, FakeS3(), Function(), store, pace=pace)
    poller.start()
    wait_for(lambda: "GetRecords shardId-000000000000" in stream.calls)
    before, asked = resource.getrusage(resource.RUSAGE_SELF), len(stream.calls)
    wait_for(lambda: len(stream.calls) >= asked + 5)
    after = resource.getrusage(resource.RUSAGE_SELF)
    poller.stop()
    # Five polls are half a second; a loop that does not wait would use all of it.
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 0.25


@pytest.fixture
def aws() -> Iterator[Callable[[str], Any]]:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    with mock_aws():
        yield lambda service: boto3.client(service, region_name="us-east-1", **keys)


def test_through_boto3_the_same(store: CheckpointStore, aws: Callable[[str], Any]) -> None:
    kinesis, s3 = aws("kinesis"), aws("s3")
    kinesis.create_stream(StreamName="events", ShardCount=2)
    s3.create_bucket(Bucket="failures")
    for number, data in enumerate([*data_of(20), b"poison"]):
        kinesis.put_record(StreamName="events", PartitionKey=str(number), Data=data)
    function = Function()
    mapping = mapping_of(bisect=True, max_retries=0, bucket="failures")
    poller = EventSourcePoller(mapping, kinesis, s3, function, store, pace=QUICK)
    poller.start()
    assert poller.drain(DEADLINE_S)
    assert sorted(function.seen) == sorted(data_of(20))
    (entry,) = s3.list_objects_v2(Bucket="failures", Prefix="aws/lambda/the-mapping/shardId-")["Contents"]
    document = json.loads(s3.get_object(Bucket="failures", Key=entry["Key"])["Body"].read())
    assert document["KinesisBatchInfo"]["batchSize"] == 1
