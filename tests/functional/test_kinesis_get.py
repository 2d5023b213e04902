"""GetShardIterator and GetRecords. Sources: API Reference, GetShardIterator, GetRecords."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.local.kinesis.limits import MIB
from headgate.local.wire import AwsError
from tests.kinesis_rig import ARN, START_S, FakeClock, Rig, open_rig

HALF = str(2**127)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_rig(tmp_path / "kinesis.sqlite") as opened:
        yield opened


@pytest.fixture
def three(rig: Rig) -> tuple[Rig, list[str]]:
    """Records 0, 1, 2, ten seconds apart, and their numbers."""
    numbers = []
    for text in (b"0", b"1", b"2"):
        numbers.append(rig.put(text)["SequenceNumber"])
        rig.clock.pass_s(10)
    return rig, numbers


@pytest.mark.parametrize(
    ("kind", "number", "seconds", "expected"),
    [
        ("TRIM_HORIZON", None, None, [b"0", b"1", b"2"]),
        ("LATEST", None, None, []),
        ("AT_SEQUENCE_NUMBER", 1, None, [b"1", b"2"]),
        ("AFTER_SEQUENCE_NUMBER", 1, None, [b"2"]),
        ("AFTER_SEQUENCE_NUMBER", 2, None, []),
        ("AT_TIMESTAMP", None, -1000, [b"0", b"1", b"2"]),
        ("AT_TIMESTAMP", None, 0, [b"0", b"1", b"2"]),
        ("AT_TIMESTAMP", None, 0.001, [b"1", b"2"]),
        ("AT_TIMESTAMP", None, 10, [b"1", b"2"]),
        ("AT_TIMESTAMP", None, 20.5, []),
    ],
)
def test_each_iterator_type_starts_where_aws_says(
    three: tuple[Rig, list[str]], kind: str, number: int | None, seconds: float | None, expected: list[bytes]
) -> None:
    rig, numbers = three
    more: dict[str, Any] = {}
    if number is not None:
        more["StartingSequenceNumber"] = numbers[number]
    if seconds is not None:
        more["Timestamp"] = START_S + seconds
    assert rig.data(0, kind, **more) == expected


def test_latest_has_what_is_put_after_the_iterator_was_given(rig: Rig) -> None:
    rig.put(b"before")
    iterator = rig.iterator(0, "LATEST")
    rig.put(b"after")
    assert [b64decode(record["Data"]) for record in rig.page(iterator)["Records"]] == [b"after"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"ShardIteratorType": "SOMEWHERE"}, "ValidationException"),
        ({"ShardIteratorType": None}, "ValidationException"),
        ({"ShardId": "shardId-000000000009"}, "ResourceNotFoundException"),
        ({"ShardId": ""}, "ValidationException"),
        ({"StartingSequenceNumber": "5"}, "InvalidArgumentException"),
        ({"ShardIteratorType": "AT_SEQUENCE_NUMBER"}, "InvalidArgumentException"),
        (
            {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "5"},
            "InvalidArgumentException",
        ),
        ({"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "x"}, "ValidationException"),
        ({"ShardIteratorType": "AT_TIMESTAMP"}, "InvalidArgumentException"),
        ({"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": START_S + 1}, "InvalidArgumentException"),
    ],
)
def test_an_iterator_that_aws_refuses_is_refused(rig: Rig, request_: dict[str, Any], code: str) -> None:
    asked = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON", **request_}
    assert rig.refused("GetShardIterator", **asked).code == code


def test_a_number_of_another_shard_is_refused(tmp_path: Path) -> None:
    with open_rig(tmp_path / "kinesis.sqlite", shards=2) as rig:
        number = rig.put(b"x", ExplicitHashKey="0")["SequenceNumber"]
        asked = {"ShardId": "shardId-000000000001", "ShardIteratorType": "AT_SEQUENCE_NUMBER"}
        refused = rig.refused("GetShardIterator", StartingSequenceNumber=number, **asked)
        assert "It encodes shardId-000000000000" in refused.message


def test_a_record_comes_back_with_key_number_and_arrival(rig: Rig) -> None:
    rig.clock.pass_s(0.25)
    number = rig.put("줄\n".encode(), key="Ünï")["SequenceNumber"]
    (record,) = rig.page(rig.iterator())["Records"]
    assert record == {
        "SequenceNumber": number,
        "ApproximateArrivalTimestamp": START_S + 0.25,
        "Data": "7KSECg==",
        "PartitionKey": "Ünï",
    }


def test_limit_bounds_a_page_and_the_next_iterator_goes_on(rig: Rig) -> None:
    for number in range(7):
        rig.put(b"%d" % number)
    page = rig.page(rig.iterator(), Limit=5)
    rest = rig.page(page["NextShardIterator"])
    assert [len(page["Records"]), len(rest["Records"])] == [5, 2]


def test_a_page_has_at_most_ten_thousand_records(rig: Rig) -> None:
    batch = [{"PartitionKey": "k", "Data": ""}] * 500
    for _ in range(21):
        rig.call("PutRecords", Records=batch)
    page = rig.page(rig.iterator())
    assert len(page["Records"]) == 10_000
    assert len(rig.page(page["NextShardIterator"])["Records"]) == 500


def test_a_page_has_at_most_ten_mebibytes(rig: Rig) -> None:
    for _ in range(11):
        rig.put(bytes(MIB - 1), key="k")
    page = rig.page(rig.iterator())
    assert len(page["Records"]) == 10
    assert len(rig.page(page["NextShardIterator"])["Records"]) == 1


@pytest.mark.parametrize("limit", [0, 10_001, "5", 1.5, True])
def test_a_limit_out_of_range_is_refused(rig: Rig, limit: object) -> None:
    with pytest.raises(AwsError) as refused:
        rig.page(rig.iterator(), Limit=limit)
    assert refused.value.code in {"ValidationException", "SerializationException"}


def test_millis_behind_latest_is_the_age_of_the_last_record_of_a_page_that_is_not_at_the_tip(
    three: tuple[Rig, list[str]],
) -> None:
    rig, _ = three
    page = rig.page(rig.iterator(), Limit=1)
    assert page["MillisBehindLatest"] == 30_000
    assert rig.page(page["NextShardIterator"])["MillisBehindLatest"] == 0


def test_an_open_shard_has_always_a_next_iterator(rig: Rig) -> None:
    page = rig.page(rig.iterator())
    assert page["Records"] == []
    assert page["NextShardIterator"]
    assert "ChildShards" not in page


def test_k08_a_closed_shard_ends_with_null_and_names_its_children(rig: Rig) -> None:
    rig.put(b"1")
    rig.put(b"2")
    rig.call("SplitShard", ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF)
    first = rig.page(rig.iterator(), Limit=1)
    assert first["NextShardIterator"]
    last = rig.page(first["NextShardIterator"])
    assert last["NextShardIterator"] is None
    assert last["ChildShards"] == [
        {
            "ShardId": "shardId-000000000001",
            "ParentShards": ["shardId-000000000000"],
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)},
        },
        {
            "ShardId": "shardId-000000000002",
            "ParentShards": ["shardId-000000000000"],
            "HashKeyRange": {"StartingHashKey": HALF, "EndingHashKey": str(2**128 - 1)},
        },
    ]


def test_latest_of_a_closed_shard_is_its_end(rig: Rig) -> None:
    rig.put(b"1")
    rig.call("SplitShard", ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF)
    page = rig.page(rig.iterator(0, "LATEST"))
    assert (page["Records"], page["NextShardIterator"]) == ([], None)


def test_an_iterator_expires_after_five_minutes(rig: Rig) -> None:
    iterator = rig.iterator()
    rig.clock.pass_s(301)
    with pytest.raises(AwsError) as refused:
        rig.page(iterator)
    assert refused.value.code == "ExpiredIteratorException"


def test_an_iterator_of_a_deleted_stream_finds_nothing_even_if_the_name_is_used_again(rig: Rig) -> None:
    iterator = rig.iterator()
    rig.call("DeleteStream")
    rig.call("CreateStream", ShardCount=1)
    with pytest.raises(AwsError) as refused:
        rig.page(iterator)
    assert refused.value.code == "ResourceNotFoundException"


def test_a_stream_arn_that_is_not_the_iterators_is_refused(rig: Rig) -> None:
    rig.bare("CreateStream", StreamName="other", ShardCount=1)
    assert rig.page(rig.iterator(), StreamARN=ARN)["Records"] == []
    with pytest.raises(AwsError) as refused:
        rig.page(rig.iterator(), StreamARN=ARN.replace("clicks", "other"))
    assert refused.value.code == "InvalidArgumentException"


def test_the_sixth_get_records_of_a_second_is_throttled(tmp_path: Path) -> None:
    clock = FakeClock()
    with open_rig(tmp_path / "kinesis.sqlite", clock, throttle=True) as rig:
        iterator = rig.iterator()
        for _ in range(5):
            rig.page(iterator)
        with pytest.raises(AwsError) as refused:
            rig.page(iterator)
        assert refused.value.code == "ProvisionedThroughputExceededException"
        clock.pass_s(0.2)
        rig.page(iterator)


def test_after_ten_mebibytes_the_shards_readers_wait_five_seconds(tmp_path: Path) -> None:
    clock = FakeClock()
    with open_rig(tmp_path / "kinesis.sqlite", clock, throttle=True) as rig:
        for _ in range(10):
            rig.put(bytes(MIB - 1), key="k")
            clock.pass_s(1)
        page = rig.page(rig.iterator())
        assert len(page["Records"]) == 10
        clock.pass_s(4.9)
        with pytest.raises(AwsError) as refused:
            rig.page(page["NextShardIterator"])
        assert refused.value.code == "ProvisionedThroughputExceededException"
        clock.pass_s(0.2)
        rig.page(page["NextShardIterator"])


@pytest.mark.parametrize("passed_s", [0, -60, 5])
def test_a15_only_the_tip_is_zero_milliseconds_behind_whatever_the_clock_did(
    rig: Rig, passed_s: float
) -> None:
    for text in (b"0", b"1"):
        rig.put(text)
    iterator = rig.iterator(0, "TRIM_HORIZON")
    rig.clock.pass_s(passed_s)
    page = rig.call("GetRecords", ShardIterator=iterator, Limit=1)
    assert page["MillisBehindLatest"] > 0
    assert rig.call("GetRecords", ShardIterator=page["NextShardIterator"])["MillisBehindLatest"] == 0
