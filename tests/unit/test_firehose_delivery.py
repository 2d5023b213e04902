import gzip
from collections.abc import Iterator
from dataclasses import replace

import pytest

from headgate.local.firehose.buffer import Hints
from headgate.records import SHARD_END
from tests.fake_stream import FakeStream
from tests.firehose_rig import NAME, START_S, CrashError, FakeClock, FakeS3, Rig, make_test_plan


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def rig(s3: FakeS3) -> Iterator[Rig]:
    """A direct put's delivery: 100 bytes or 60 seconds."""
    plan = replace(make_test_plan(), hints=Hints(100, 60.0))
    rig = Rig(FakeClock(), s3, plan)
    yield rig
    rig.close()


@pytest.fixture
def stream() -> FakeStream:
    return FakeStream(shards=2)


@pytest.fixture
def source_rig(s3: FakeS3, stream: FakeStream) -> Iterator[Rig]:
    """A Kinesis source's delivery: 100 bytes or 60 seconds."""
    rig = Rig(FakeClock(), s3, replace(make_test_plan(), hints=Hints(100, 60.0)), kinesis=stream)
    yield rig
    rig.close()


def test_an_idle_delivery_waits_until_it_is_woken(rig: Rig, s3: FakeS3) -> None:
    assert rig.step() is None
    assert not s3.puts


def test_records_are_written_when_the_interval_ends_counted_from_the_first_of_them(
    rig: Rig, s3: FakeS3
) -> None:
    rig.put(b"one\n")
    assert rig.step() == 60.0
    rig.put(b"two\n")
    assert rig.step(after_s=59.0) == 1.0
    assert not s3.objects
    assert rig.step(after_s=1.0) is None
    assert s3.contents() == [b"one\ntwo\n"]


def test_records_are_written_when_their_size_before_compression_is_reached(s3: FakeS3) -> None:
    plan = replace(make_test_plan(CompressionFormat="GZIP"), hints=Hints(100, 60.0))
    rig = Rig(FakeClock(), s3, plan)
    rig.put(b"x" * 99)
    rig.step()
    assert not s3.objects
    rig.put(b"y")
    rig.step()
    ((key, body),) = s3.objects.items()
    assert key.endswith(".gz")
    assert len(body) < 100
    assert gzip.decompress(body) == b"x" * 99 + b"y"
    rig.close()


def test_an_object_ends_with_the_record_that_reaches_the_size(rig: Rig, s3: FakeS3) -> None:
    rig.put(*[b"x" * 40] * 7)
    rig.step()
    assert [len(each) for each in s3.contents()] == [120, 120]
    rig.drain()
    assert [len(each) for each in s3.contents()] == [120, 120, 40]


def test_records_are_concatenated_as_they_are_without_a_delimiter(rig: Rig, s3: FakeS3) -> None:
    rig.put(b"a", b"", b"\xff\x00", b"\n")
    rig.drain()
    assert s3.contents() == [b"a\xff\x00\n"]


def test_rows_go_only_when_s3_has_the_object_i11(rig: Rig, s3: FakeS3) -> None:
    s3.faults = ["refused", "refused"]
    rig.put(b"x" * 100)
    assert rig.step() == 0.2
    assert rig.store.backlog(NAME)[0] == 1
    assert rig.step(after_s=0.2) == pytest.approx(0.4)
    assert rig.store.backlog(NAME)[0] == 1
    rig.step(after_s=0.5)
    assert rig.store.backlog(NAME)[0] == 0
    assert s3.contents() == [b"x" * 100]


def test_while_s3_refuses_everything_is_kept_and_the_figures_say_so_f01(rig: Rig, s3: FakeS3) -> None:
    s3.faults = ["refused"] * 50
    rig.put(b"x" * 100)
    for _ in range(50):
        rig.step(after_s=5.0)
        rig.put(b"y" * 10)
    assert rig.delivery.tries.failures == 50
    assert rig.delivery.tries.last_error == "AccessDenied"
    assert rig.store.backlog(NAME) == (51, START_S + 5.0 - 5.0)
    rig.drain()
    assert b"".join(s3.contents()) == b"x" * 100 + b"y" * 500


def test_waits_between_tries_grow_to_a_bound(rig: Rig, s3: FakeS3) -> None:
    s3.faults = ["refused"] * 9
    rig.put(b"x" * 100)
    waits = [rig.step(after_s=5.0) for _ in range(8)]
    assert waits == sorted(waits, key=lambda wait_s: wait_s or 0.0)
    assert waits[-1] == 5.0


def test_a_lost_answer_gives_no_second_object(rig: Rig, s3: FakeS3) -> None:
    s3.faults = ["lost"]
    rig.put(b"x" * 100)
    rig.step()
    rig.step(after_s=1.0)
    assert len(s3.puts) == 2
    assert s3.contents() == [b"x" * 100]


@pytest.mark.parametrize("fault", ["crash_before", "crash_after"])
def test_a_crash_around_the_put_loses_nothing_and_writes_nothing_twice(
    rig: Rig, s3: FakeS3, fault: str
) -> None:
    s3.faults = [fault]
    rig.put(b"x" * 100, b"y" * 10)
    with pytest.raises(CrashError):
        rig.step()
    rig.reopen()
    rig.drain()
    assert s3.contents() == [b"x" * 100, b"y" * 10]


def test_a_half_written_object_does_not_count_as_delivered(rig: Rig, s3: FakeS3) -> None:
    s3.faults = ["crash_after"]
    rig.put(b"x" * 100)
    with pytest.raises(CrashError):
        rig.step()
    (key,) = s3.objects
    s3.objects[key] = b"x" * 99
    rig.reopen()
    rig.drain()
    assert b"x" * 100 in s3.contents()


def test_the_prefix_and_the_name_take_the_arrival_of_the_oldest_record_f03(rig: Rig, s3: FakeS3) -> None:
    rig.clock.now_s = 1_798_761_599.0  # 2026-12-31T23:59:59Z
    rig.put(b"old\n")
    rig.step()
    rig.clock.now_s += 30.0
    rig.put(b"new\n")
    rig.step(after_s=30.0)
    (key,) = s3.objects
    assert key.startswith(f"raw-data/2026/12/31/23/{NAME}-1-2026-12-31-23-59-59-")
    assert len(key.rsplit("-", 5)[1]) == 8


def test_a_new_version_of_the_destination_begins_a_new_object(rig: Rig, s3: FakeS3) -> None:
    rig.put(b"old\n")
    rig.step()
    naming = replace(rig.plan.naming, version=2)
    rig.delivery.plan = replace(rig.plan, naming=naming, bucket="elsewhere")
    rig.put(b"new\n")
    rig.drain()
    assert s3.contents() == [b"old\n", b"new\n"]
    assert [f"{NAME}-{version}-" in key for version, key in zip((1, 2), s3.puts, strict=True)] == [True, True]


def test_a_kinesis_source_is_read_from_the_creation_of_the_delivery_stream(
    s3: FakeS3, stream: FakeStream
) -> None:
    stream.now_s = START_S - 1.0
    stream.put("a", b"before\n")
    stream.now_s = START_S
    stream.put("a", b"at creation\n")
    rig = Rig(FakeClock(), s3, make_test_plan(), kinesis=stream)
    rig.drain()
    assert s3.contents() == [b"at creation\n"]
    rig.close()


def test_a_kinesis_source_is_asked_once_a_second_while_it_is_quiet(source_rig: Rig) -> None:
    assert source_rig.step() == pytest.approx(1.0)
    assert source_rig.step(after_s=1.0) == pytest.approx(1.0)


def test_a_checkpoint_moves_only_when_s3_has_the_object_i11(
    source_rig: Rig, s3: FakeS3, stream: FakeStream
) -> None:
    s3.faults = ["refused"]
    shard_id, number = stream.put("a", b"x" * 100)
    source_rig.step()
    assert source_rig.store.places(NAME) == {}
    source_rig.step(after_s=1.0)
    assert source_rig.store.places(NAME) == {shard_id: number}


def test_a_kinesis_source_is_not_read_ahead_while_s3_refuses(
    source_rig: Rig, s3: FakeS3, stream: FakeStream
) -> None:
    s3.faults = ["refused"] * 20
    stream.put("a", b"x" * 100)
    source_rig.step()
    asked = len(stream.calls)
    for _ in range(19):
        stream.put("a", b"y")
        source_rig.step(after_s=5.0)
    assert len(stream.calls) == asked
    source_rig.drain()
    assert b"".join(s3.contents()) == b"x" * 100 + b"y" * 19


@pytest.mark.parametrize("fault", ["crash_before", "crash_after"])
def test_a_restart_resumes_a_kinesis_source_where_delivery_ended(
    source_rig: Rig, s3: FakeS3, stream: FakeStream, fault: str
) -> None:
    stream.put("a", b"1" * 100)
    source_rig.step()
    s3.faults = [fault]
    stream.put("a", b"2" * 100)
    stream.put("a", b"3")
    with pytest.raises(CrashError):
        source_rig.step(after_s=1.0)
    source_rig.reopen()
    source_rig.drain()
    assert b"".join(s3.contents()) == b"1" * 100 + b"2" * 100 + b"3"


def test_children_follow_their_parent_after_a_split_and_ends_are_checkpoints(
    source_rig: Rig, s3: FakeS3, stream: FakeStream
) -> None:
    parent, _ = stream.put("a", b"parent\n")
    stream.split(parent)
    stream.put("a", b"child\n")
    source_rig.drain()
    assert b"".join(s3.contents()) == b"parent\nchild\n"
    assert source_rig.store.places(NAME)[parent] == SHARD_END


def test_the_end_of_an_empty_shard_is_noted_without_an_object(
    source_rig: Rig, s3: FakeS3, stream: FakeStream
) -> None:
    parent = stream.open_shards()[0]
    stream.split(parent)
    source_rig.step()
    assert source_rig.store.places(NAME) == {parent: SHARD_END}
    assert not s3.puts


def test_a_stream_that_cannot_be_read_is_tried_again(source_rig: Rig, s3: FakeS3, stream: FakeStream) -> None:
    stream.refusals = ["InternalFailure"] * 3
    stream.put("a", b"x\n")
    source_rig.drain()
    assert s3.contents() == [b"x\n"]
    assert source_rig.delivery.source_tries.last_error == "InternalFailure"


def test_a_drain_that_cannot_read_the_stream_is_not_done(source_rig: Rig, stream: FakeStream) -> None:
    stream.list_refusals = ["InternalFailure"] * 100
    with pytest.raises(AssertionError, match="not drained"):
        source_rig.drain(steps=20)
