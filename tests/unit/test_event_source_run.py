"""Carrying out a job: which outcome an exception is, and what the log may say."""

from typing import Any

from headgate.local.event_source.lane import (
    Answered,
    Batch,
    Discard,
    Discarded,
    Failed,
    Invoke,
    NotInvoked,
    Undelivered,
)
from headgate.local.event_source.poller import Invoker, NotInvokedError, Runner
from headgate.local.event_source.shard import Job
from tests.event_source_cases import ARRIVAL_S, SHARD, mapping_of, record_of
from tests.fake_stream import refusal

BATCH = Batch((record_of(99, data=b"canary"),), invokes=1)


class FakeS3:
    """Keeps what is put, or refuses."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.objects: dict[tuple[str, str], bytes] = {}

    def put_object(self, **request: Any) -> object:
        if self.refuses:
            raise refusal("AccessDenied")
        self.objects[request["Bucket"], request["Key"]] = request["Body"]
        return {}


def runner_of(invoke: Invoker, s3: FakeS3, log: list[str], bucket: str | None = "b") -> Runner:
    mapping = mapping_of(bucket=bucket)
    return Runner(mapping, invoke, s3, now_s=lambda: ARRIVAL_S, new_id=lambda: "id", log=log.append)


def test_what_the_function_returns_is_its_answer() -> None:
    runner = runner_of(lambda event: len(event["Records"]), FakeS3(), [])
    assert runner.run(Job(SHARD, 0, Invoke(BATCH))) == Answered(1)


def test_t04_whatever_the_function_raises_is_a_function_error_and_no_payload_is_logged() -> None:
    def fail(event: dict[str, Any]) -> object:
        raise ValueError(event["Records"][0]["kinesis"]["data"])

    log: list[str] = []
    assert runner_of(fail, FakeS3(), log).run(Job(SHARD, 0, Invoke(BATCH))) == Failed()
    assert log == ["function error ValueError on 1 records"]


def test_a_function_that_could_not_be_started_is_not_a_function_error() -> None:
    def refuse(_: dict[str, Any]) -> object:
        raise NotInvokedError("no process")

    assert runner_of(refuse, FakeS3(), []).run(Job(SHARD, 0, Invoke(BATCH))) == NotInvoked()


def test_t05_a_batch_that_is_given_up_lies_in_the_bucket() -> None:
    s3 = FakeS3()
    runner = runner_of(lambda _: None, s3, [])
    assert runner.run(Job(SHARD, 0, Discard(BATCH, "RecordAgeExceeded"))) == Discarded()
    ((bucket, key),) = s3.objects
    assert (bucket, key) == ("b", f"aws/lambda/the-mapping/{SHARD}/2023/11/14/2023-11-14T22.13.20-id")
    assert b"RecordAgeExceeded" in s3.objects[bucket, key]


def test_t05_a_destination_that_refuses_is_told_so_again() -> None:
    runner = runner_of(lambda _: None, FakeS3(refuses=True), [])
    assert runner.run(Job(SHARD, 0, Discard(BATCH, "RecordAgeExceeded"))) == Undelivered()


def test_i09_without_a_destination_a_drop_is_logged() -> None:
    log: list[str] = []
    runner = runner_of(lambda _: None, FakeS3(), log, bucket=None)
    assert runner.run(Job(SHARD, 0, Discard(BATCH, "RecordAgeExceeded"))) == Discarded()
    assert log == [f"gave up 1 records of {SHARD}: RecordAgeExceeded"]
