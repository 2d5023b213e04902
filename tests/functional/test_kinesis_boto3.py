"""boto3 against our Kinesis behind the real endpoint: botocore's parser judges every answer's shape."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from headgate.local.endpoint import Endpoint
from headgate.local.kinesis import KinesisService, RecordStore
from tests.kinesis_rig import ARN, FakeClock


def _nothing_else(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Length", "0")])
    return []


@pytest.fixture
def kinesis(tmp_path: Path) -> Iterator[Any]:
    store = RecordStore(tmp_path / "kinesis.sqlite")
    endpoint = Endpoint({"Kinesis_20131202": KinesisService(store, FakeClock())}, _nothing_else, 0)
    endpoint.start()
    client = boto3.client(
        "kinesis",
        endpoint_url=endpoint.url,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.create_stream(StreamName="clicks", ShardCount=1, Tags={"team": "web"})
    yield client
    client.close()
    endpoint.stop()
    store.close()


def test_records_go_in_and_come_out_by_every_main_operation(kinesis: Any) -> None:
    receipt = kinesis.put_record(StreamName="clicks", PartitionKey="k", Data="줄\n".encode())
    batch = kinesis.put_records(StreamARN=ARN, Records=[{"PartitionKey": "k", "Data": bytes(range(256))}])
    assert batch["FailedRecordCount"] == 0
    iterator = kinesis.get_shard_iterator(
        StreamName="clicks",
        ShardId=receipt["ShardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=receipt["SequenceNumber"],
    )["ShardIterator"]
    page = kinesis.get_records(ShardIterator=iterator)
    assert [record["Data"] for record in page["Records"]] == ["줄\n".encode(), bytes(range(256))]
    assert page["Records"][0]["ApproximateArrivalTimestamp"].timestamp() == FakeClock()()
    assert page["NextShardIterator"]


def test_a_resharded_stream_reads_to_its_end(kinesis: Any) -> None:
    kinesis.split_shard(
        StreamName="clicks", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    kinesis.update_shard_count(StreamName="clicks", TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    kinesis.get_waiter("stream_exists").wait(StreamName="clicks")
    opened = kinesis.list_shards(StreamName="clicks", ShardFilter={"Type": "AT_LATEST"})["Shards"]
    assert len(opened) == 3
    iterator = kinesis.get_shard_iterator(
        StreamName="clicks", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    page = kinesis.get_records(ShardIterator=iterator)
    assert "NextShardIterator" not in page
    assert len(page["ChildShards"]) == 2


def test_settings_tags_and_paginators_are_understood(kinesis: Any) -> None:
    kinesis.increase_stream_retention_period(StreamName="clicks", RetentionPeriodHours=48)
    kinesis.start_stream_encryption(StreamName="clicks", EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.update_max_record_size(StreamARN=ARN, MaxRecordSizeInKiB=2048)
    kinesis.update_stream_mode(StreamARN=ARN, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    summary = kinesis.describe_stream_summary(StreamARN=ARN)["StreamDescriptionSummary"]
    assert (summary["RetentionPeriodHours"], summary["EncryptionType"], summary["MaxRecordSizeInKiB"]) == (
        48,
        "KMS",
        2048,
    )
    assert kinesis.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "team", "Value": "web"}]
    pages = kinesis.get_paginator("list_shards").paginate(
        StreamName="clicks", PaginationConfig={"PageSize": 1}
    )
    assert len(list(pages)) == 1
    assert [page["StreamNames"] for page in kinesis.get_paginator("list_streams").paginate()] == [["clicks"]]
    assert len(kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["Shards"]) == 1
    kinesis.delete_stream(StreamName="clicks")
    kinesis.get_waiter("stream_not_exists").wait(StreamName="clicks")


def test_refusals_arrive_as_the_exceptions_of_the_model(kinesis: Any) -> None:
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream(StreamName="nobody")
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        kinesis.create_stream(StreamName="clicks", ShardCount=1)
    kinesis.put_record(StreamName="clicks", PartitionKey="k", Data=bytes(700_000))
    with pytest.raises(kinesis.exceptions.ProvisionedThroughputExceededException):
        kinesis.put_record(StreamName="clicks", PartitionKey="k", Data=bytes(700_000))
    with pytest.raises(ClientError, match="RegisterStreamConsumer"):
        kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="c")
