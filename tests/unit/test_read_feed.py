"""All shards of a stream as one sequence: order, resharding, expired iterators, a range's end."""

from itertools import islice

import pytest

from headgate.readers.errors import NoShardError, ReaderError
from headgate.readers.feed import Feed
from headgate.readers.merge import Merge
from headgate.readers.span import Span
from headgate.records import Record
from tests.readers_rig import START_S, World

ALWAYS = Span()


def _feed(world: World, span: Span = ALWAYS, shard_id: str | None = None) -> Feed:
    return Feed(world.stream, "headgate-dev", span, world.clock, shard_id)


def _datas(feed: Feed) -> list[bytes]:
    return [arrival.record.data for arrival in feed.arrivals()]


def _record(number: int, arrival_s: float) -> Record:
    return Record(str(number), "key", b"", arrival_s)


def test_records_of_all_shards_come_by_arrival() -> None:
    world = World(shards=4)
    sent = [str(number).encode() for number in range(200)]
    for data in sent:
        world.put(f"key-{data.decode()}", data)
    assert _datas(_feed(world)) == sent


def test_k08_reading_survives_resharding_and_keeps_the_order() -> None:
    world = World(shards=2)
    sent: list[bytes] = []
    for round_ in range(4):
        for number in range(30):
            sent.append(f"{round_}-{number}".encode())
            world.put(f"key-{number}", sent[-1])
        world.stream.split(world.stream.open_shards()[0])
    world.stream.merge(*world.stream.open_shards()[:2])
    assert _datas(_feed(world)) == sent


def test_reading_survives_expired_iterators() -> None:
    world = World()
    world.stream.limit = 10
    for number in range(50):
        world.put("key", str(number).encode())
    got: list[bytes] = []
    for arrival in _feed(world).arrivals():
        got.append(arrival.record.data)
        if len(got) % 10 == 1:
            world.stream.expire_iterators()
    assert got == [str(number).encode() for number in range(50)]


def test_reading_survives_throttling() -> None:
    world = World()
    world.put("key", b"1")
    world.stream.refusals = ["ProvisionedThroughputExceededException"] * 3
    world.stream.list_refusals = ["LimitExceededException"]
    assert _datas(_feed(world)) == [b"1"]


def test_a_span_takes_its_beginning_and_leaves_its_end_out() -> None:
    world = World(shards=2)
    for second in range(10):
        world.stream.now_s = START_S + second
        world.stream.put(f"key-{second}", str(second).encode())
    world.stream.now_s = START_S + 100
    assert _datas(_feed(world, Span(START_S + 3, START_S + 6))) == [b"3", b"4", b"5"]


def test_a_span_that_ends_before_a_reshard_ends_too() -> None:
    world = World()
    world.stream.now_s = START_S
    world.stream.put("key", b"old")
    world.stream.now_s = START_S + 10
    world.stream.put("key", b"new")
    world.stream.split(world.stream.open_shards()[0])
    world.stream.now_s = START_S + 100
    assert _datas(_feed(world, Span(START_S - 1, START_S + 5))) == [b"old"]


def test_one_shard_alone_is_read_to_its_end() -> None:
    world = World(shards=2)
    for number in range(20):
        world.put(f"key-{number}", str(number).encode())
    shard_id = world.stream.open_shards()[1]
    world.stream.split(shard_id)
    expected = [record["Data"] for record in world.stream.shards[shard_id].records]
    assert expected
    assert _datas(_feed(world, shard_id=shard_id)) == expected


def test_an_unknown_shard_is_named_with_those_there_are() -> None:
    with pytest.raises(NoShardError, match=r"no shard shardId-9; it has shardId-000000000000"):
        _datas(_feed(World(), shard_id="shardId-9"))


def test_following_goes_on_with_what_arrives() -> None:
    world = World()
    world.put("key", b"before")
    arrivals = _feed(world).arrivals(follow=True)
    assert next(arrivals).record.data == b"before"
    world.put("key", b"after")
    asked_s = world.stream.now_s
    assert next(arrivals).record.data == b"after"
    assert world.stream.now_s - asked_s < 1


def test_following_ends_when_the_range_does() -> None:
    world = World()
    world.put("key", b"before")
    span = Span(START_S, world.stream.now_s + 5)
    assert [arrival.record.data for arrival in _feed(world, span).arrivals(follow=True)] == [b"before"]


def test_reading_without_following_ends_although_records_keep_coming() -> None:
    world = World()
    world.put("key", b"0")
    got = []
    for arrival in islice(_feed(world).arrivals(), 1000):
        got.append(arrival.record.data)
        world.put("key", b"more")
    assert len(got) < 1000


def test_a_failure_that_stays_is_one_sentence() -> None:
    world = World()
    world.stream.broken = set(world.stream.shards)
    with pytest.raises(ReaderError, match="AWS refuses Operation: InternalFailure"):
        _datas(_feed(world))


def test_a_shard_that_is_behind_holds_back_the_others() -> None:
    merge = Merge()
    merge.add("a", [_record(1, 5.0)], closed=False)
    assert list(merge.ready({"a": 0, "b": None})) == []
    assert list(merge.ready({"a": 0, "b": 10})) == []
    merge.add("b", [_record(2, 4.0)], closed=False)
    assert [shard_id for shard_id, _ in merge.ready({"a": 0, "b": 0})] == ["b", "a"]


def test_an_ended_shard_stops_the_sequence_until_its_children_may_open() -> None:
    merge = Merge()
    merge.add("parent", [_record(1, 1.0)], closed=True)
    merge.add("other", [_record(2, 2.0)], closed=False)
    assert [shard_id for shard_id, _ in merge.ready({"other": 0})] == ["parent"]
    assert merge.finished() == ["parent"]
    assert [shard_id for shard_id, _ in merge.ready({"other": 0})] == ["other"]
