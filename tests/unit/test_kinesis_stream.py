from itertools import count, pairwise

import orjson
import pytest

from headgate.local.kinesis.limits import LAST_HASH_KEY
from headgate.local.kinesis.stream import Stream

NOW_MS = 1_700_000_000_000


def stream_of(shard_count: int) -> Stream:
    stream = Stream("clicks", NOW_MS)
    stream.start(shard_count, NOW_MS, iter(count(1)).__next__)
    return stream


def divides_the_hash_keys(stream: Stream) -> bool:
    shards = stream.open_shards
    touching = all(low.last_hash + 1 == high.first_hash for low, high in pairwise(shards))
    return touching and shards[0].first_hash == 0 and shards[-1].last_hash == LAST_HASH_KEY


def test_three_shards_have_the_ranges_that_aws_gives_them() -> None:
    assert [shard.first_hash for shard in stream_of(3).open_shards] == [
        0,
        113427455640312821154458202477256070485,
        226854911280625642308916404954512140970,
    ]


@pytest.mark.parametrize(("hash_key", "index"), [(0, 0), (2**127 - 1, 0), (2**127, 1), (LAST_HASH_KEY, 1)])
def test_a_hash_key_belongs_to_the_shard_whose_range_holds_it(hash_key: int, index: int) -> None:
    assert stream_of(2).shard_of(hash_key).index == index


def test_a_split_closes_the_parent_and_opens_two_children_that_name_it() -> None:
    stream = stream_of(1)
    stream.split(stream.shards[0], 100, NOW_MS + 5, iter(count(9)).__next__)
    assert stream.shards[0].closed_ms == NOW_MS + 5
    ranges = [(s.index, s.first_hash, s.last_hash, s.parent, s.adjacent) for s in stream.open_shards]
    assert ranges == [(1, 0, 99, 0, None), (2, 100, LAST_HASH_KEY, 0, None)]


def test_a_merge_opens_one_child_that_names_both_parents_in_the_order_given() -> None:
    stream = stream_of(2)
    stream.merge(stream.shards[1], stream.shards[0], NOW_MS, iter(count(9)).__next__)
    (child,) = stream.open_shards
    assert (child.index, child.parent, child.adjacent) == (2, 1, 0)
    assert divides_the_hash_keys(stream)


def test_a_child_is_created_after_its_parents_even_within_one_second() -> None:
    stream = stream_of(1)
    for _ in range(3):
        low = stream.open_shards[0]
        stream.split(low, low.last_hash // 2, NOW_MS, iter(count(9)).__next__)
        assert stream.open_shards[0].created_s > low.created_s


@pytest.mark.parametrize(
    ("before", "after"), [(1, 2), (2, 3), (3, 6), (6, 3), (4, 6), (7, 5), (5, 5), (6, 12)]
)
def test_uniform_scaling_makes_shards_of_equal_size(before: int, after: int) -> None:
    stream = stream_of(before)
    stream.rescale(after, NOW_MS, iter(count(100)).__next__)
    sizes = [shard.last_hash - shard.first_hash for shard in stream.open_shards]
    assert len(sizes) == after
    assert max(sizes) - min(sizes) <= 4 * max(before, after)
    assert divides_the_hash_keys(stream)


@pytest.mark.parametrize(
    ("before", "after", "made"), [(3, 6, 6), (6, 3, 3), (5, 5, 0), (2, 4, 4), (6, 12, 12)]
)
def test_uniform_scaling_leaves_borders_alone_that_are_in_place(before: int, after: int, made: int) -> None:
    stream = stream_of(before)
    stream.rescale(after, NOW_MS, iter(count(100)).__next__)
    assert len(stream.shards) - before == made


def test_a_stream_comes_back_from_its_document_as_it_was() -> None:
    stream = stream_of(3)
    stream.split(stream.shards[1], stream.shards[1].last_hash, NOW_MS, iter(count(9)).__next__)
    assert Stream.of(orjson.loads(orjson.dumps(stream.document()))) == stream


def test_a_closed_shard_is_listed_until_its_last_record_has_expired() -> None:
    stream = stream_of(1)
    stream.split(stream.shards[0], 100, NOW_MS, iter(count(9)).__next__)
    day_ms = 24 * 3_600_000
    assert [shard.index for shard in stream.live_shards(NOW_MS + day_ms)] == [0, 1, 2]
    assert [shard.index for shard in stream.live_shards(NOW_MS + day_ms + 1)] == [1, 2]
