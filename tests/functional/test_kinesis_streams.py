"""Streams, settings, tags. Sources: API Reference, the operation that each test names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.local.wire import AwsError
from tests.kinesis_rig import ARN, START_S, FakeClock, Rig, open_rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with open_rig(tmp_path / "kinesis.sqlite") as opened:
        yield opened


def summary(rig: Rig) -> dict[str, Any]:
    return dict(rig.call("DescribeStreamSummary")["StreamDescriptionSummary"])


def test_a_new_stream_is_active_at_once_with_the_defaults_of_aws(rig: Rig) -> None:
    assert summary(rig) == {
        "StreamName": "clicks",
        "StreamARN": ARN,
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": START_S,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
        "OpenShardCount": 1,
        "ConsumerCount": 0,
        "MaxRecordSizeInKiB": 1024,
    }


def test_an_on_demand_stream_starts_with_four_shards_and_cannot_be_resharded(rig: Rig) -> None:
    on_demand = {"StreamName": "od", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    rig.bare("CreateStream", **on_demand)
    assert len(rig.bare("ListShards", StreamName="od")["Shards"]) == 4
    shard = {"ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "100"}
    assert rig.refused("SplitShard", StreamName="od", **shard).code == "ValidationException"
    count = {"TargetShardCount": 8, "ScalingType": "UNIFORM_SCALING"}
    assert rig.refused("UpdateShardCount", StreamName="od", **count).code == "ValidationException"
    assert rig.bare("DescribeLimits") == {
        "ShardLimit": 20_000,
        "OpenShardCount": 1,
        "OnDemandStreamCount": 1,
        "OnDemandStreamCountLimit": 50,
    }


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"ShardCount": 1}, "ResourceInUseException"),
        ({"StreamName": "new"}, "ValidationException"),
        ({"StreamName": "new", "ShardCount": 0}, "ValidationException"),
        ({"StreamName": "new", "ShardCount": "1"}, "SerializationException"),
        ({"StreamName": "new", "ShardCount": 10_001}, "ValidationException"),
        ({"StreamName": "x" * 129, "ShardCount": 1}, "ValidationException"),
        ({"StreamName": "bad name", "ShardCount": 1}, "ValidationException"),
        ({"StreamName": None, "ShardCount": 1}, "ValidationException"),
        ({"StreamName": "new", "StreamModeDetails": {"StreamMode": "X"}}, "ValidationException"),
        ({"StreamName": "new", "StreamModeDetails": "ON_DEMAND"}, "SerializationException"),
        (
            {"StreamName": "new", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}, "ShardCount": 1},
            "ValidationException",
        ),
        ({"StreamName": "new", "ShardCount": 1, "MaxRecordSizeInKiB": 1023}, "ValidationException"),
        ({"StreamName": "new", "ShardCount": 1, "WarmThroughputMiBps": 1}, "InvalidArgumentException"),
    ],
)
def test_create_stream_refuses_what_aws_refuses(rig: Rig, request_: dict[str, Any], code: str) -> None:
    assert rig.refused("CreateStream", **request_).code == code


def test_phases_last_for_the_time_that_was_asked_for(tmp_path: Path) -> None:
    clock = FakeClock()
    with open_rig(tmp_path / "kinesis.sqlite", clock, transition_s=2) as rig:
        assert summary(rig)["StreamStatus"] == "CREATING"
        assert rig.refused("PutRecord", PartitionKey="k", Data="").code == "ResourceNotFoundException"
        assert (
            rig.refused("DecreaseStreamRetentionPeriod", RetentionPeriodHours=24).code
            == "ResourceInUseException"
        )
        clock.pass_s(2)
        assert summary(rig)["StreamStatus"] == "ACTIVE"
        rig.call("IncreaseStreamRetentionPeriod", RetentionPeriodHours=48)
        assert summary(rig)["StreamStatus"] == "UPDATING"
        rig.put(b"while updating")
        clock.pass_s(2)
        rig.call("DeleteStream")
        assert summary(rig)["StreamStatus"] == "DELETING"
        clock.pass_s(2)
        assert rig.refused("DescribeStreamSummary").code == "ResourceNotFoundException"


def test_a_deleted_stream_takes_its_records_and_tags_along(rig: Rig) -> None:
    rig.put(b"old")
    rig.call("AddTagsToStream", Tags={"team": "web"})
    rig.call("DeleteStream")
    assert rig.refused("DescribeStream").code == "ResourceNotFoundException"
    rig.call("CreateStream", ShardCount=1)
    assert rig.data() == []
    assert rig.call("ListTagsForStream")["Tags"] == []


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("DescribeStream", {}),
        ("DescribeStreamSummary", {}),
        ("ListShards", {}),
        ("ListTagsForStream", {}),
        ("PutRecord", {"PartitionKey": "k", "Data": ""}),
        ("PutRecords", {"Records": [{"PartitionKey": "k", "Data": ""}]}),
        ("GetShardIterator", {"ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}),
        ("SplitShard", {"ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "100"}),
        ("UpdateShardCount", {"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}),
        ("IncreaseStreamRetentionPeriod", {"RetentionPeriodHours": 48}),
        ("AddTagsToStream", {"Tags": {"a": "b"}}),
        ("RemoveTagsFromStream", {"TagKeys": ["a"]}),
        ("StartStreamEncryption", {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
        ("StopStreamEncryption", {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
        ("UpdateStreamMode", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}),
        ("UpdateMaxRecordSize", {"MaxRecordSizeInKiB": 2048}),
        ("DeleteStream", {}),
    ],
)
def test_a_stream_can_be_named_by_its_arn(rig: Rig, operation: str, request_: dict[str, Any]) -> None:
    rig.bare(operation, StreamARN=ARN, **request_)
    assert (
        rig.refused(operation, StreamName=None, StreamARN=f"{ARN}x", **request_).code
        == "ResourceNotFoundException"
    )


def test_an_arn_and_a_name_that_differ_are_refused(rig: Rig) -> None:
    assert rig.refused("DescribeStream", StreamName="other", StreamARN=ARN).code == "InvalidArgumentException"


def test_list_streams_pages_by_name(rig: Rig) -> None:
    for name in ("a", "b", "d"):
        rig.bare("CreateStream", StreamName=name, ShardCount=1)
    first = rig.bare("ListStreams", Limit=3)
    assert (first["StreamNames"], first["HasMoreStreams"]) == (["a", "b", "clicks"], True)
    assert first["StreamSummaries"][2]["StreamARN"] == ARN
    assert rig.bare("ListStreams", NextToken=first["NextToken"])["StreamNames"] == ["d"]
    assert rig.bare("ListStreams", ExclusiveStartStreamName="b")["StreamNames"] == ["clicks", "d"]


@pytest.mark.parametrize(
    ("operation", "hours"),
    [
        ("IncreaseStreamRetentionPeriod", 23),
        ("IncreaseStreamRetentionPeriod", 8_761),
        ("IncreaseStreamRetentionPeriod", 47),
        ("DecreaseStreamRetentionPeriod", 49),
        ("DecreaseStreamRetentionPeriod", 23),
    ],
)
def test_a_retention_out_of_range_is_refused(rig: Rig, operation: str, hours: int) -> None:
    rig.call("IncreaseStreamRetentionPeriod", RetentionPeriodHours=48)
    assert rig.refused(operation, RetentionPeriodHours=hours).code == "InvalidArgumentException"


def test_records_are_gone_after_the_retention_and_iterators_jump_over_them(rig: Rig) -> None:
    rig.put(b"old")
    number = rig.put(b"old too")["SequenceNumber"]
    rig.clock.pass_s(3600)
    rig.put(b"young")
    rig.clock.pass_s(23 * 3600 + 1)
    assert rig.data() == [b"young"]
    assert rig.data(0, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=number) == [b"young"]
    rig.clock.pass_s(3600)
    assert rig.data() == []


def test_numbers_go_on_after_everything_has_expired(tmp_path: Path) -> None:
    clock = FakeClock()
    with open_rig(tmp_path / "kinesis.sqlite", clock) as rig:
        number = rig.put(b"old")["SequenceNumber"]
        clock.pass_s(25 * 3600)
        assert rig.data() == []
    with open_rig(tmp_path / "kinesis.sqlite", clock, shards=None) as rig:
        assert int(rig.put(b"new")["SequenceNumber"]) > int(number) + 2**80


def test_a_longer_retention_keeps_records_but_brings_none_back(rig: Rig) -> None:
    rig.put(b"old")
    rig.clock.pass_s(24 * 3600 + 1)
    rig.put(b"young")
    rig.call("IncreaseStreamRetentionPeriod", RetentionPeriodHours=48)
    rig.clock.pass_s(47 * 3600)
    assert rig.data() == [b"young"]
    rig.call("DecreaseStreamRetentionPeriod", RetentionPeriodHours=24)
    assert rig.data() == []


def test_encryption_shows_in_every_answer_and_can_be_stopped(rig: Rig) -> None:
    rig.call("StartStreamEncryption", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    assert (summary(rig)["EncryptionType"], summary(rig)["KeyId"]) == ("KMS", "alias/aws/kinesis")
    assert rig.put(b"x")["EncryptionType"] == "KMS"
    assert rig.page(rig.iterator())["Records"][0]["EncryptionType"] == "KMS"
    rig.call("StopStreamEncryption", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    assert summary(rig)["EncryptionType"] == "NONE"


@pytest.mark.parametrize("size_kib", [1023, 10_241, None, "2048"])
def test_a_record_size_out_of_range_is_refused(rig: Rig, size_kib: object) -> None:
    refused = rig.refused("UpdateMaxRecordSize", MaxRecordSizeInKiB=size_kib)
    assert refused.code in {"ValidationException", "SerializationException"}


def test_tags_are_added_listed_in_pages_and_removed_by_name_and_by_arn(rig: Rig) -> None:
    rig.call("AddTagsToStream", Tags={"a": "1", "c": "3"})
    rig.bare("TagResource", ResourceARN=ARN, Tags={"b": ""})
    first = rig.call("ListTagsForStream", Limit=2)
    assert first == {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}], "HasMoreTags": True}
    assert rig.call("ListTagsForStream", ExclusiveStartTagKey="b")["Tags"] == [{"Key": "c", "Value": "3"}]
    rig.call("RemoveTagsFromStream", TagKeys=["a", "never there"])
    rig.bare("UntagResource", ResourceARN=ARN, TagKeys=["b"])
    assert rig.bare("ListTagsForResource", ResourceARN=ARN)["Tags"] == [{"Key": "c", "Value": "3"}]


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({}, "ValidationException"),
        (None, "SerializationException"),
        ({"k" * 129: "v"}, "ValidationException"),
        ({"k": "v" * 257}, "ValidationException"),
        ({f"k{number}": "v" for number in range(51)}, "InvalidArgumentException"),
    ],
)
def test_tags_that_aws_refuses_are_refused(rig: Rig, tags: object, code: str) -> None:
    assert rig.refused("AddTagsToStream", Tags=tags).code == code


@pytest.mark.parametrize("operation", ["RegisterStreamConsumer", "SubscribeToShard", "Nonsense"])
def test_an_operation_that_is_not_here_says_so(rig: Rig, operation: str) -> None:
    refused = rig.refused(operation)
    assert refused.code == "UnknownOperationException"
    assert operation in refused.message


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:kinesis:eu-west-1:123456789012:stream/clicks", "ResourceNotFoundException"),
        ("arn:aws:kinesis:us-east-1:210987654321:stream/clicks", "ResourceNotFoundException"),
        ("arn:aws-cn:kinesis:us-east-1:123456789012:stream/clicks", "ResourceNotFoundException"),
        ("arn:aws:firehose:us-east-1:123456789012:stream/clicks", "ValidationException"),
        ("arn:aws:kinesis:us-east-1:12345678901:stream/clicks", "ValidationException"),
        ("clicks", "ValidationException"),
    ],
)
def test_an_arn_of_another_place_is_none_of_ours(rig: Rig, arn: str, code: str) -> None:
    with pytest.raises(AwsError) as refused:
        rig.bare("DescribeStreamSummary", StreamARN=arn)
    assert refused.value.code == code


@pytest.mark.parametrize("key", ["aws:cloudformation:stack-name", "AWS:x", "a<b", "a\nb*", "a#b"])
def test_a_tag_that_aws_keeps_for_itself_or_does_not_allow_is_refused(rig: Rig, key: str) -> None:
    assert rig.refused("AddTagsToStream", Tags={key: "v"}).code == "InvalidArgumentException"
    assert rig.call("ListTagsForStream")["Tags"] == []


def test_at_timestamp_without_a_timestamp_is_refused(rig: Rig) -> None:
    asked = {"ShardId": "shardId-000000000000", "ShardIteratorType": "AT_TIMESTAMP"}
    assert rig.refused("GetShardIterator", **asked).code == "InvalidArgumentException"
