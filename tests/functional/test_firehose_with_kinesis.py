"""Our Firehose reads our Kinesis through boto3 on loopback, over a reshard and a restart (K08, T08, I11)."""

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.local.clients import client
from headgate.local.endpoint import Endpoint
from headgate.local.firehose.fleet import FirehoseOptions
from headgate.local.firehose.service import FirehoseService
from headgate.local.firehose.tries import Clients
from headgate.local.kinesis.service import KinesisService
from headgate.local.kinesis.store import RecordStore
from tests.firehose_rig import DESTINATION, SOURCE, FakeS3

STREAM = "headgate-dev"
AGGREGATED = Path(__file__).parents[1] / "data" / "kpl-aggregated.json"


def nothing_else(environ: Any, start_response: Any) -> list[bytes]:  # noqa: ARG001 - WSGI says so
    start_response("404 Not Found", [])
    return []


@pytest.fixture
def kinesis(tmp_path: Path) -> Iterator[Any]:
    store = RecordStore(tmp_path / "kinesis.sqlite")
    service = KinesisService(store, time.time)
    endpoint = Endpoint({"Kinesis_20131202": service}, nothing_else, 0)
    endpoint.start()
    kinesis = client("kinesis", endpoint.url, "us-east-1")
    kinesis.create_stream(StreamName=STREAM, ShardCount=2)
    yield kinesis
    kinesis.close()
    endpoint.stop()
    store.close()


def put(kinesis: Any, numbers: range) -> None:
    records = [{"Data": b"%d\n" % number, "PartitionKey": str(number % 7)} for number in numbers]
    assert kinesis.put_records(StreamName=STREAM, Records=records)["FailedRecordCount"] == 0


def test_every_record_arrives_once_and_in_order_by_key(tmp_path: Path, kinesis: Any) -> None:
    s3 = FakeS3()
    path, clients = tmp_path / "firehose.sqlite", Clients(s3, kinesis)
    service = FirehoseService(path, clients, FirehoseOptions(buffer_interval_s=0))
    service.call(
        "CreateDeliveryStream",
        {
            "DeliveryStreamName": "raw",
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": SOURCE,
            "ExtendedS3DestinationConfiguration": {**DESTINATION, "CompressionFormat": "GZIP"},
        },
    )
    # In the stream before the first read, yet after the creation: LATEST is as of the creation.
    put(kinesis, range(100))
    service.start()
    assert service.drain(within_s=20.0) == 0
    service.close()
    put(kinesis, range(100, 200))
    kinesis.update_shard_count(StreamName=STREAM, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    put(kinesis, range(200, 300))
    service = FirehoseService(path, clients, FirehoseOptions(buffer_interval_s=0))
    service.start()
    assert service.drain(within_s=20.0) == 0
    service.close()
    numbers = [int(line) for line in b"".join(s3.contents()).splitlines()]
    assert sorted(numbers) == list(range(300))
    for key in range(7):
        of_key = [number for number in numbers if number % 7 == key]
        assert of_key == sorted(of_key)


def test_t14_an_aggregated_record_arrives_as_its_user_records_and_a_damaged_one_as_it_is(
    tmp_path: Path, kinesis: Any
) -> None:
    """The records are those that AWS's own aggregator made."""
    case = json.loads(AGGREGATED.read_text("utf-8"))["cases"][0]
    aggregated = b64decode(case["aggregated"])
    damaged = aggregated[:-1] + bytes([aggregated[-1] ^ 1])
    s3 = FakeS3()
    service = FirehoseService(
        tmp_path / "firehose.sqlite", Clients(s3, kinesis), FirehoseOptions(buffer_interval_s=0)
    )
    service.call(
        "CreateDeliveryStream",
        {
            "DeliveryStreamName": "raw",
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": SOURCE,
            "ExtendedS3DestinationConfiguration": {**DESTINATION, "CompressionFormat": "GZIP"},
        },
    )
    for data in (aggregated, damaged):
        kinesis.put_record(StreamName=STREAM, Data=data, PartitionKey="a")
    service.start()
    assert service.drain(within_s=20.0) == 0
    service.close()
    users = b"".join(b64decode(each) for each in case["records"])
    assert b"".join(s3.contents()) == users + damaged
