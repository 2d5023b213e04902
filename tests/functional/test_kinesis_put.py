"""PutRecord and PutRecords: AWS's documented rules. Source: API Reference, the two operations."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.local.kinesis.limits import MIB
from tests.kinesis_rig import ARN, FakeClock, Rig, open_rig

X = b64encode(b"x").decode()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_rig(tmp_path / "kinesis.sqlite", shards=2) as opened:
        yield opened


def blob(size_bytes: int) -> str:
    return b64encode(bytes(size_bytes)).decode()


def test_a_put_answers_with_shard_and_sequence_number_alone(rig: Rig) -> None:
    answer = rig.put(b"hello")
    assert set(answer) == {"ShardId", "SequenceNumber"}
    assert answer["SequenceNumber"].startswith("49")


@pytest.mark.parametrize(
    ("where", "shard"),
    [
        ({"PartitionKey": "a"}, 0),  # md5 0cc1…
        ({"PartitionKey": "b"}, 1),  # md5 92eb…
        ({"PartitionKey": "ö"}, 1),  # md5 of the UTF-8 bytes: a172… (of Latin-1: 44f2…)
        ({"PartitionKey": "b", "ExplicitHashKey": "0"}, 0),
        ({"PartitionKey": "b", "ExplicitHashKey": str(2**127 - 1)}, 0),
        ({"PartitionKey": "a", "ExplicitHashKey": str(2**127)}, 1),
        ({"PartitionKey": "a", "ExplicitHashKey": str(2**128 - 1)}, 1),
    ],
)
def test_the_hash_key_picks_the_shard(rig: Rig, where: dict[str, str], shard: int) -> None:
    assert rig.call("PutRecord", Data=X, **where)["ShardId"] == f"shardId-{shard:012d}"


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("PartitionKey", None, "ValidationException"),
        ("PartitionKey", "", "ValidationException"),
        ("PartitionKey", "k" * 257, "ValidationException"),
        ("PartitionKey", 5, "SerializationException"),
        ("Data", None, "ValidationException"),
        ("Data", "not base64", "SerializationException"),
        ("Data", "YQ", "SerializationException"),
        ("Data", 5, "SerializationException"),
        ("ExplicitHashKey", str(2**128), "InvalidArgumentException"),
        ("ExplicitHashKey", "-1", "ValidationException"),
        ("ExplicitHashKey", "007", "ValidationException"),
        ("ExplicitHashKey", "x", "ValidationException"),
        ("SequenceNumberForOrdering", "5", "InvalidArgumentException"),
        ("StreamName", "nobody", "ResourceNotFoundException"),
        ("StreamName", "bad name", "ValidationException"),
        ("StreamName", None, "InvalidArgumentException"),
    ],
)
def test_k06_a_record_that_aws_refuses_is_refused_with_its_code(
    rig: Rig, member: str, value: object, code: str
) -> None:
    request: dict[str, Any] = {"PartitionKey": "k", "Data": X, member: value}
    assert rig.refused("PutRecord", **request).code == code


def test_k06_a_partition_key_of_256_characters_is_taken_whatever_its_bytes(rig: Rig) -> None:
    assert rig.put(b"x", key="한" * 256)["SequenceNumber"]


def test_k05_data_and_key_together_may_have_one_mebibyte(rig: Rig) -> None:
    rig.call("PutRecord", PartitionKey="k", Data=blob(MIB - 1))
    refused = rig.refused("PutRecord", PartitionKey="kk", Data=blob(MIB - 1))
    assert refused.code == "ValidationException"
    assert "less than or equal to 1048576" in refused.message


def test_k05_after_update_max_record_size_a_record_may_have_ten_mebibytes(rig: Rig) -> None:
    rig.bare("UpdateMaxRecordSize", StreamARN=ARN, MaxRecordSizeInKiB=10_240)
    rig.call("PutRecord", PartitionKey="k", Data=blob(10 * MIB - 1))
    assert rig.refused("PutRecord", PartitionKey="kk", Data=blob(10 * MIB - 1)).code == "ValidationException"


def test_an_empty_record_is_a_record(rig: Rig) -> None:
    rig.put(b"", key="a")
    assert rig.data(0) == [b""]


def test_sequence_numbers_grow_in_a_shard_and_with_sequence_number_for_ordering(rig: Rig) -> None:
    number = rig.put(b"1")["SequenceNumber"]
    for _ in range(20):
        following = rig.put(b"2", SequenceNumberForOrdering=number)["SequenceNumber"]
        assert int(following) > int(number)
        number = following


def test_put_records_answers_in_the_order_of_the_request(rig: Rig) -> None:
    entries = [{"PartitionKey": key, "Data": X} for key in ("a", "b", "a")]
    answer = rig.call("PutRecords", Records=entries)
    assert answer["FailedRecordCount"] == 0
    assert [record["ShardId"][-1] for record in answer["Records"]] == ["0", "1", "0"]
    assert int(answer["Records"][2]["SequenceNumber"]) > int(answer["Records"][0]["SequenceNumber"])


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (None, "ValidationException"),
        ([], "ValidationException"),
        ([{"PartitionKey": "k", "Data": X}] * 501, "ValidationException"),
        (
            [{"PartitionKey": "k", "Data": blob(MIB - 1)}] * 10 + [{"PartitionKey": "k", "Data": ""}],
            "InvalidArgumentException",
        ),
        ([{"PartitionKey": "k", "Data": X}, {"PartitionKey": "", "Data": X}], "ValidationException"),
        (["text"], "SerializationException"),
        ("text", "SerializationException"),
    ],
)
def test_k05_a_batch_that_aws_refuses_is_refused_whole(rig: Rig, records: object, code: str) -> None:
    assert rig.refused("PutRecords", Records=records).code == code
    assert rig.data(0) == rig.data(1) == []


def test_k05_a_batch_of_ten_mebibytes_to_the_byte_is_taken(rig: Rig) -> None:
    records = [{"PartitionKey": "k", "Data": blob(MIB - 1)}] * 10
    assert rig.call("PutRecords", Records=records)["FailedRecordCount"] == 0


def test_k02_a_throttled_put_record_is_refused_with_400(tmp_path: Path) -> None:
    with open_rig(tmp_path / "kinesis.sqlite", throttle=True) as rig:
        rig.call("PutRecord", PartitionKey="k", Data=blob(MIB - 1))
        refused = rig.refused("PutRecord", PartitionKey="k", Data=blob(MIB - 1))
        assert (refused.code, refused.status) == ("ProvisionedThroughputExceededException", 400)
        expected = "Rate exceeded for shard shardId-000000000000 in stream clicks under account 123456789012."
        assert refused.message == expected


def test_k01_throttled_records_of_a_batch_fail_one_by_one_under_200(tmp_path: Path) -> None:
    clock = FakeClock()
    with open_rig(tmp_path / "kinesis.sqlite", clock, shards=2, throttle=True) as rig:
        big = {"PartitionKey": "a", "Data": blob(700_000)}
        answer = rig.call("PutRecords", Records=[big, big, {**big, "PartitionKey": "b"}, {**big, "Data": X}])
        assert answer["FailedRecordCount"] == 1
        assert [record.get("ErrorCode") for record in answer["Records"]] == [
            None,
            "ProvisionedThroughputExceededException",
            None,
            None,
        ]
        assert "shardId-000000000000" in answer["Records"][1]["ErrorMessage"]
        assert [len(data) for data in rig.data(0)] == [700_000, 1]
        clock.pass_s(1)
        assert rig.call("PutRecords", Records=[big])["FailedRecordCount"] == 0


@pytest.mark.parametrize("operation", ["PutRecord", "PutRecords"])
def test_a_dry_run_writes_nothing(rig: Rig, operation: str) -> None:
    record = {"PartitionKey": "a", "Data": X}
    request: dict[str, Any] = record if operation == "PutRecord" else {"Records": [record]}
    assert rig.refused(operation, DryRun=True, **request).code == "DryRunOperationException"
    assert rig.data(0) == []
