"""Resharding and listing. Source: API Reference, SplitShard, MergeShards, UpdateShardCount, ListShards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.local.wire import AwsError
from tests.kinesis_rig import ARN, START_S, FakeClock, Rig, open_rig

HALF = str(2**127)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_rig(tmp_path / "kinesis.sqlite", shards=2) as opened:
        yield opened


def ids(shards: list[dict[str, Any]]) -> list[int]:
    return [int(shard["ShardId"].removeprefix("shardId-")) for shard in shards]


def rescale(rig: Rig, count: int) -> dict[str, Any]:
    return rig.call("UpdateShardCount", TargetShardCount=count, ScalingType="UNIFORM_SCALING")


def test_an_open_shard_has_a_starting_number_and_no_ending_one(rig: Rig) -> None:
    shard = rig.shards()[0]
    assert shard["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)}
    assert list(shard["SequenceNumberRange"]) == ["StartingSequenceNumber"]
    assert "ParentShardId" not in shard


def test_k08_numbers_of_children_start_above_the_ending_number_of_their_parents(rig: Rig) -> None:
    number = rig.put(b"x", ExplicitHashKey="0")["SequenceNumber"]
    rig.call("MergeShards", ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001")
    parent, _, child = rig.shards()
    ending = int(parent["SequenceNumberRange"]["EndingSequenceNumber"])
    assert int(parent["SequenceNumberRange"]["StartingSequenceNumber"]) < int(number) < ending
    assert int(child["SequenceNumberRange"]["StartingSequenceNumber"]) > ending
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == (
        "shardId-000000000000",
        "shardId-000000000001",
    )


def test_k08_a_closed_shard_stays_readable_and_new_records_go_to_its_child(rig: Rig) -> None:
    rig.put(b"before", ExplicitHashKey="5")
    rig.call("SplitShard", ShardToSplit="shardId-000000000000", NewStartingHashKey="100")
    assert rig.put(b"after", ExplicitHashKey="5")["ShardId"] == "shardId-000000000002"
    assert rig.put(b"after", ExplicitHashKey="100")["ShardId"] == "shardId-000000000003"
    assert (rig.data(0), rig.data(2), rig.data(3)) == ([b"before"], [b"after"], [b"after"])


@pytest.mark.parametrize("hash_key", ["0", "1", HALF, str(2**127 - 1), str(2**128 - 1)])
def test_a_split_outside_the_shards_range_is_refused(rig: Rig, hash_key: str) -> None:
    asked = {"ShardToSplit": "shardId-000000000000", "NewStartingHashKey": hash_key}
    assert rig.refused("SplitShard", **asked).code == "InvalidArgumentException"


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("SplitShard", {"ShardToSplit": "shardId-000000000009"}, "ResourceNotFoundException"),
        ("SplitShard", {"NewStartingHashKey": "x"}, "ValidationException"),
        ("SplitShard", {"NewStartingHashKey": None}, "ValidationException"),
        ("SplitShard", {"ShardToSplit": "shardId-000000000001"}, "InvalidArgumentException"),
        ("MergeShards", {"AdjacentShardToMerge": "shardId-000000000009"}, "ResourceNotFoundException"),
        ("MergeShards", {"AdjacentShardToMerge": "shardId-000000000000"}, "InvalidArgumentException"),
        ("MergeShards", {"AdjacentShardToMerge": "shardId-000000000001"}, "InvalidArgumentException"),
        ("MergeShards", {"AdjacentShardToMerge": "shardId-000000000003"}, "InvalidArgumentException"),
    ],
)
def test_a_reshard_that_aws_refuses_is_refused(
    rig: Rig, operation: str, request_: dict[str, Any], code: str
) -> None:
    # Afterwards 1 is closed, 0 and 3 do not touch.
    rig.call("SplitShard", ShardToSplit="shardId-000000000001", NewStartingHashKey=str(2**127 + 2**126))
    asked: dict[str, Any] = {"ShardToMerge": "shardId-000000000000"}
    if operation == "SplitShard":
        asked = {"ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "100"}
    assert rig.refused(operation, **{**asked, **request_}).code == code


def test_update_shard_count_answers_with_both_counts(rig: Rig) -> None:
    assert rescale(rig, 4) == {
        "StreamName": "clicks",
        "StreamARN": ARN,
        "CurrentShardCount": 2,
        "TargetShardCount": 4,
    }
    assert ids(rig.shards(ShardFilter={"Type": "AT_LATEST"})) == [2, 3, 4, 5]


@pytest.mark.parametrize(("count", "code"), [(5, "InvalidArgumentException"), (0, "ValidationException")])
def test_more_than_double_is_refused(rig: Rig, count: int, code: str) -> None:
    refused = rig.refused("UpdateShardCount", TargetShardCount=count, ScalingType="UNIFORM_SCALING")
    assert refused.code == code


def test_less_than_half_is_refused(tmp_path: Path) -> None:
    with open_rig(tmp_path / "kinesis.sqlite", shards=5) as rig:
        asked = {"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}
        assert rig.refused("UpdateShardCount", **asked).code == "InvalidArgumentException"
        rescale(rig, 3)


def test_an_eleventh_rescaling_in_24_hours_is_refused_while_limits_are_on(tmp_path: Path) -> None:
    clock = FakeClock()
    with open_rig(tmp_path / "kinesis.sqlite", clock, throttle=True) as rig:
        for number in range(10):
            rescale(rig, 1 + number % 2)
        asked = {"TargetShardCount": 1, "ScalingType": "UNIFORM_SCALING"}
        assert rig.refused("UpdateShardCount", **asked).code == "LimitExceededException"
        clock.pass_s(24 * 3600 + 1)
        rescale(rig, 1)


@pytest.fixture
def history(rig: Rig) -> Rig:
    """Shards 0 and 1 from the start; 0 split into 2 and 3 after 10 s; 2 and 3 merged into 4 after 20 s."""
    rig.clock.pass_s(10)
    rig.call("SplitShard", ShardToSplit="shardId-000000000000", NewStartingHashKey="100")
    rig.clock.pass_s(10)
    rig.call("MergeShards", ShardToMerge="shardId-000000000002", AdjacentShardToMerge="shardId-000000000003")
    rig.clock.pass_s(10)
    return rig


@pytest.mark.parametrize(
    ("shard_filter", "expected"),
    [
        (None, [0, 1, 2, 3, 4]),
        ({"Type": "FROM_TRIM_HORIZON"}, [0, 1, 2, 3, 4]),
        ({"Type": "AT_TRIM_HORIZON"}, [0, 1]),
        ({"Type": "AT_LATEST"}, [1, 4]),
        ({"Type": "AFTER_SHARD_ID", "ShardId": "shardId-000000000002"}, [3, 4]),
        ({"Type": "AT_TIMESTAMP", "Timestamp": START_S + 5}, [0, 1]),
        ({"Type": "AT_TIMESTAMP", "Timestamp": START_S + 15}, [1, 2, 3]),
        ({"Type": "AT_TIMESTAMP", "Timestamp": START_S + 25}, [1, 4]),
        ({"Type": "FROM_TIMESTAMP", "Timestamp": START_S + 15}, [1, 2, 3, 4]),
        ({"Type": "FROM_TIMESTAMP", "Timestamp": START_S - 10**6}, [0, 1, 2, 3, 4]),
    ],
)
def test_each_shard_filter_lists_what_aws_says(
    history: Rig, shard_filter: dict[str, Any] | None, expected: list[int]
) -> None:
    more = {"ShardFilter": shard_filter} if shard_filter else {}
    assert ids(history.shards(**more)) == expected


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"ShardFilter": {"Type": "X"}}, "ValidationException"),
        ({"ShardFilter": {}}, "ValidationException"),
        ({"ShardFilter": "AT_LATEST"}, "SerializationException"),
        ({"ShardFilter": {"Type": "AFTER_SHARD_ID"}}, "ValidationException"),
        ({"ShardFilter": {"Type": "AT_TIMESTAMP"}}, "SerializationException"),
        ({"MaxResults": 0}, "ValidationException"),
        ({"StreamCreationTimestamp": START_S - 5}, "ResourceNotFoundException"),
        ({"NextToken": "x"}, "InvalidArgumentException"),
    ],
)
def test_list_shards_refuses_what_aws_refuses(rig: Rig, request_: dict[str, Any], code: str) -> None:
    assert rig.refused("ListShards", **request_).code == code


def test_a_next_token_alone_goes_on_with_the_same_filter(history: Rig) -> None:
    page = history.call(
        "ListShards", MaxResults=2, ShardFilter={"Type": "FROM_TIMESTAMP", "Timestamp": START_S + 15}
    )
    assert ids(page["Shards"]) == [1, 2]
    page = history.bare("ListShards", NextToken=page["NextToken"], MaxResults=1)
    assert ids(page["Shards"]) == [3]
    page = history.bare("ListShards", NextToken=page["NextToken"])
    assert ids(page["Shards"]) == [4]
    assert "NextToken" not in page


def test_a_next_token_expires_after_300_seconds(history: Rig) -> None:
    token = history.call("ListShards", MaxResults=2)["NextToken"]
    history.clock.pass_s(301)
    with pytest.raises(AwsError) as refused:
        history.bare("ListShards", NextToken=token)
    assert refused.value.code == "ExpiredNextTokenException"


def test_exclusive_start_shard_id_and_describe_stream_page_alike(history: Rig) -> None:
    assert ids(history.shards(ExclusiveStartShardId="shardId-000000000001")) == [2, 3, 4]
    first = history.call("DescribeStream", Limit=3)["StreamDescription"]
    assert (ids(first["Shards"]), first["HasMoreShards"]) == ([0, 1, 2], True)
    rest = history.call("DescribeStream", ExclusiveStartShardId="shardId-000000000002")["StreamDescription"]
    assert (ids(rest["Shards"]), rest["HasMoreShards"]) == ([3, 4], False)


def test_a_closed_shard_leaves_the_lists_when_its_records_have_expired(history: Rig) -> None:
    history.clock.pass_s(24 * 3600 - 15)
    assert ids(history.shards()) == [1, 2, 3, 4]
    asked = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    assert history.refused("GetShardIterator", **asked).code == "ResourceNotFoundException"
    history.put(b"x")
    history.call("SplitShard", ShardToSplit="shardId-000000000001", NewStartingHashKey=str(2**127 + 100))
    assert ids(history.shards()) == [1, 2, 3, 4, 5, 6]
