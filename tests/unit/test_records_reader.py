"""The stream reader against an in-memory stream: one rule of reading a stream a test."""

import pytest
from botocore.exceptions import ClientError

from headgate.records import SHARD_END, Pace, Position, ShardBatch, StreamReader
from headgate.records.model import is_ahead
from tests.fake_stream import START_S, FakeStream

FIRST, LOW, HIGH = (f"shardId-{number:012}" for number in range(3))
TRIM_HORIZON = Position.trim_horizon()


def reader_of(
    stream: FakeStream, position: Position = TRIM_HORIZON, checkpoints: dict[str, str] | None = None
) -> StreamReader:
    return StreamReader(stream, "events", position, checkpoints)


def commit_all(reader: StreamReader, batches: list[ShardBatch]) -> None:
    for batch in batches:
        reader.commit(batch.shard_id, batch.checkpoint)


def data_of(batches: list[ShardBatch]) -> list[bytes]:
    return [record.data for batch in batches for record in batch.records]


def read_all(reader: StreamReader, from_s: float = 0.0, to_s: float = 20.0) -> list[bytes]:
    """Poll and commit four times a second of pretended time."""
    seen: list[bytes] = []
    now_s = from_s
    while now_s < to_s:
        batches = reader.poll(now_s)
        commit_all(reader, batches)
        seen += data_of(batches)
        now_s += 0.25
    return seen


def test_a_record_arrives_with_its_number_key_bytes_and_arrival() -> None:
    stream = FakeStream()
    stream.put("k", b"one\n")
    (batch,) = reader_of(stream).poll(0.0)
    assert batch == ShardBatch(FIRST, [("95", "k", b"one\n", START_S)], 0, closed=False)  # type: ignore[list-item]
    assert batch.checkpoint == "95"


def test_a_quiet_stream_gives_no_batches() -> None:
    assert reader_of(FakeStream(shards=3)).poll(0.0) == []


def test_the_list_of_shards_is_read_page_by_page() -> None:
    stream = FakeStream(shards=4, page=1)
    for key in ("\x00", "\x50", "\x7f"):
        stream.put(key, key.encode())
    assert sorted(read_all(reader_of(stream), to_s=1.0)) == [b"\x00", b"\x50", b"\x7f"]


def test_a_shard_at_its_tip_is_asked_once_a_second_and_one_behind_four_times() -> None:
    stream = FakeStream(limit=1)
    reader = reader_of(stream)
    for number in range(3):
        stream.put("k", b"%d" % number)
    assert [len(reader.poll(now)) for now in (0.0, 0.2, 0.25, 0.4, 0.5, 0.6)] == [1, 0, 1, 0, 1, 0]
    stream.put("k", b"late")
    assert [len(reader.poll(now)) for now in (0.9, 1.4, 1.5)] == [0, 0, 1]


def test_due_s_says_when_the_next_poll_has_something_to_do() -> None:
    reader = reader_of(FakeStream())
    reader.poll(5.0)
    assert reader.due_s() == 6.0
    assert reader.due_s(paused={FIRST}) == 5.0 + Pace().list_s
    reader.hurry()
    assert reader.due_s() == 5.25


def test_a_paused_shard_is_not_asked() -> None:
    stream = FakeStream()
    stream.put("k", b"x")
    reader = reader_of(stream)
    assert reader.poll(0.0, paused={FIRST}) == []
    assert data_of(reader.poll(0.0)) == [b"x"]


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "KMSThrottlingException"])
def test_a_throttled_shard_waits_and_loses_nothing(code: str) -> None:
    stream = FakeStream()
    stream.put("k", b"x")
    stream.refusals = [code]
    reader = reader_of(stream)
    assert reader.poll(0.0) == []
    assert not reader.caught_up()
    assert reader.poll(0.5) == []
    assert data_of(reader.poll(1.0)) == [b"x"]


def test_a_throttled_list_is_asked_again() -> None:
    stream = FakeStream()
    stream.put("k", b"x")
    stream.list_refusals = ["LimitExceededException"]
    assert read_all(reader_of(stream), to_s=2.0) == [b"x"]


def test_an_expired_iterator_is_reopened_after_the_last_record_read() -> None:
    stream = FakeStream()
    reader = reader_of(stream)
    stream.put("k", b"one")
    reader.poll(0.0)
    stream.put("k", b"two")
    stream.expire_iterators()
    assert data_of(reader.poll(1.0)) + data_of(reader.poll(1.0)) == [b"two"]


def test_any_other_error_is_raised_and_the_next_poll_goes_on() -> None:
    stream = FakeStream()
    stream.put("k", b"x")
    stream.refusals = ["InternalFailure"]
    reader = reader_of(stream)
    with pytest.raises(ClientError, match="InternalFailure"):
        reader.poll(0.0)
    assert data_of(reader.poll(1.0)) == [b"x"]


def test_an_error_of_one_shard_does_not_swallow_what_another_gave() -> None:
    stream = FakeStream(shards=2)
    stream.put("\x00", b"low")
    stream.put("\x7f\x7f", b"high")
    reader = reader_of(stream)
    stream.broken = {LOW}
    assert data_of(reader.poll(0.0)) == [b"low"]
    with pytest.raises(ClientError, match="InternalFailure"):
        reader.poll(0.0)


def test_k08_children_are_opened_only_when_the_end_of_their_parent_is_committed() -> None:
    stream = FakeStream()
    reader = reader_of(stream)
    stream.put("k", b"parent")
    stream.split(FIRST)
    stream.put("k", b"child")
    (batch,) = reader.poll(0.0)
    assert (batch.closed, batch.checkpoint) == (True, SHARD_END)
    assert reader.poll(5.0) == []
    assert not reader.caught_up()
    reader.commit(FIRST, SHARD_END)
    assert data_of(reader.poll(6.0)) == [b"child"]


def test_k08_a_merged_shard_waits_for_both_parents() -> None:
    stream = FakeStream(shards=2)
    reader = reader_of(stream)
    stream.merge(FIRST, LOW)
    stream.put("k", b"child")
    ends = reader.poll(0.0)
    assert {batch.shard_id for batch in ends} == {FIRST, LOW}
    reader.commit(FIRST, SHARD_END)
    assert reader.poll(5.0) == []
    reader.commit(LOW, SHARD_END)
    assert data_of(reader.poll(6.0)) == [b"child"]


def test_a_list_that_is_older_than_the_end_of_a_shard_is_asked_again() -> None:
    stream = FakeStream()
    reader = reader_of(stream)
    reader.poll(0.0)
    stream.split(FIRST)
    hidden = {name: stream.shards.pop(name) for name in (LOW, HIGH)}
    commit_all(reader, reader.poll(1.0))
    reader.poll(1.0)
    assert not reader.caught_up()
    stream.shards |= hidden
    stream.put("k", b"child")
    assert read_all(reader, 2.0, 4.0) == [b"child"]


def test_a_new_reader_goes_on_after_the_checkpoints() -> None:
    stream = FakeStream()
    for number in range(10):
        stream.put("k", b"%d" % number)
    assert read_all(reader_of(stream, checkpoints={FIRST: "99"})) == [b"5", b"6", b"7", b"8", b"9"]


def test_a_new_reader_leaves_the_children_alone_until_the_parent_is_done() -> None:
    stream = FakeStream()
    stream.put("k", b"first")
    stream.put("k", b"second")
    stream.split(FIRST)
    stream.put("k", b"third")
    assert read_all(reader_of(stream, checkpoints={FIRST: "95"})) == [b"second", b"third"]
    assert read_all(reader_of(stream, checkpoints={FIRST: SHARD_END})) == [b"third"]


def test_the_children_of_a_parent_that_retention_has_taken_are_read() -> None:
    stream = FakeStream()
    stream.put("k", b"lost to retention")
    stream.split(FIRST)
    stream.put("k", b"child")
    stream.trim(FIRST)
    for checkpoints in ({}, {FIRST: "94"}, {FIRST: SHARD_END}):
        assert read_all(reader_of(stream, checkpoints=checkpoints)) == [b"child"]


def test_a_shard_that_retention_takes_while_it_is_read_frees_its_children() -> None:
    stream = FakeStream()
    reader = reader_of(stream)
    reader.poll(0.0)
    stream.split(FIRST)
    stream.put("k", b"child")
    stream.trim(FIRST)
    assert read_all(reader, 1.0, 4.0) == [b"child"]


def test_latest_skips_what_is_there_and_takes_everything_after() -> None:
    stream = FakeStream(shards=2)
    stream.put("k", b"old")
    stream.merge(FIRST, LOW)
    stream.put("k", b"old too")
    reader = reader_of(stream, Position.latest(START_S))
    assert reader.poll(0.0) == []
    stream.split(HIGH)
    stream.put("k", b"new")
    assert read_all(reader, 1.0) == [b"new"]


def test_latest_loses_nothing_when_the_reader_starts_again_before_its_first_record() -> None:
    stream = FakeStream()
    stream.put("k", b"old")
    stream.now_s = START_S + 10
    first = reader_of(stream, Position.latest(stream.now_s))
    first.poll(0.0)
    stream.put("k", b"between")
    second = reader_of(stream, Position.latest(START_S + 99), dict(first.checkpoints))
    assert read_all(second) == [b"between"]


def test_latest_reads_later_shards_whole_even_if_the_readers_clock_is_ahead() -> None:
    stream = FakeStream()
    reader = reader_of(stream, Position.latest(START_S + 3600))
    reader.poll(0.0)
    stream.split(FIRST)
    stream.put("k", b"new")
    assert read_all(reader, 1.0) == [b"new"]


def test_at_timestamp_takes_what_arrived_then_or_later() -> None:
    stream = FakeStream()
    for number in range(5):
        stream.now_s = START_S + number
        stream.put("k", b"%d" % number)
    assert read_all(reader_of(stream, Position.at_timestamp(START_S + 3))) == [b"3", b"4"]


def test_caught_up_means_asked_since_a_moment_and_at_the_tip() -> None:
    stream = FakeStream(limit=1)
    reader = reader_of(stream)
    assert not reader.caught_up()
    stream.put("k", b"1")
    stream.put("k", b"2")
    reader.poll(0.0)
    assert not reader.caught_up()
    reader.poll(1.0)
    assert reader.caught_up()
    assert not reader.caught_up(since_s=1.5)
    reader.poll(2.0)
    assert reader.caught_up(since_s=1.5)


@pytest.mark.parametrize(
    ("checkpoint", "of", "ahead"),
    [
        ("1", None, True),
        ("100", "99", True),
        ("99", "100", False),
        ("99", "99", False),
        (SHARD_END, "100", True),
        ("100", SHARD_END, False),
        (SHARD_END, SHARD_END, False),
        ("1", "AT_TIMESTAMP:17.5", True),
        ("AT_TIMESTAMP:17.5", "1", False),
    ],
)
def test_checkpoints_are_compared_as_integers(checkpoint: str, of: str | None, ahead: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_ahead(checkpoint, of) is ahead


def test_a_commit_never_goes_back() -> None:
    reader = reader_of(FakeStream(), checkpoints={FIRST: "100"})
    reader.commit(FIRST, "99")
    assert reader.checkpoints == {FIRST: "100"}
