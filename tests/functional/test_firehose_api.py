"""Every operation by boto3 over loopback, so that each answer is parsed by the client's own model."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from headgate.local.firehose.fleet import FirehoseOptions
from headgate.local.firehose.service import FirehoseService
from headgate.local.firehose.tries import Clients
from headgate.local.wire import answer
from tests.fake_stream import FakeStream
from tests.firehose_rig import DESTINATION, SOURCE, FakeS3


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def stream() -> FakeStream:
    return FakeStream()


@pytest.fixture
def service(tmp_path: Path, s3: FakeS3, stream: FakeStream) -> Iterator[FirehoseService]:
    clients = Clients(s3, stream)

    service = FirehoseService(tmp_path / "firehose.sqlite", clients, FirehoseOptions())
    service.start()
    yield service
    service.close()


@pytest.fixture
def firehose(service: FirehoseService) -> Iterator[Any]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            status, headers, body = answer(
                service, operation, self.rfile.read(int(self.headers["Content-Length"]))
            )
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class says so
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    client = boto3.client(
        "firehose",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def create(firehose: Any, name: str = "curated", **changes: Any) -> str:
    answered = firehose.create_delivery_stream(
        DeliveryStreamName=name, ExtendedS3DestinationConfiguration={**DESTINATION, **changes}
    )
    return str(answered["DeliveryStreamARN"])


def described(firehose: Any, name: str = "curated") -> dict[str, Any]:
    answered: dict[str, Any] = firehose.describe_delivery_stream(DeliveryStreamName=name)
    return dict(answered["DeliveryStreamDescription"])


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_direct_put_stream_is_described_as_it_was_created(firehose: Any) -> None:
    arn = create(firehose, CompressionFormat="GZIP")
    assert arn == "arn:aws:firehose:us-east-1:123456789012:deliverystream/curated"
    description = described(firehose)
    (destination,) = description["Destinations"]
    extended = destination["ExtendedS3DestinationDescription"]
    assert extended["CompressionFormat"] == "GZIP"
    assert extended["BufferingHints"] == {"SizeInMBs": 1, "IntervalInSeconds": 60}
    assert destination["S3DestinationDescription"]["Prefix"] == "raw-data/"
    assert (description["DeliveryStreamStatus"], description["VersionId"]) == ("ACTIVE", "1")
    assert description["DeliveryStreamType"] == "DirectPut"
    assert description["CreateTimestamp"].year >= 2024


def test_a_kinesis_source_is_described_with_the_start_of_its_reading(firehose: Any) -> None:
    firehose.create_delivery_stream(
        DeliveryStreamName="raw",
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration=SOURCE,
        ExtendedS3DestinationConfiguration=DESTINATION,
    )
    source = described(firehose, "raw")["Source"]["KinesisStreamSourceDescription"]
    assert source["KinesisStreamARN"] == SOURCE["KinesisStreamARN"]
    assert source["DeliveryStartTimestamp"] == described(firehose, "raw")["CreateTimestamp"]
    with pytest.raises(ClientError, match="not permitted on KinesisStreamAsSource") as refused:
        firehose.put_record(DeliveryStreamName="raw", Record={"Data": b"x"})
    assert code_of(refused) == "InvalidArgumentException"


def test_puts_get_receipts_and_reach_s3_in_order(firehose: Any, service: FirehoseService, s3: FakeS3) -> None:
    create(firehose)
    first = firehose.put_record(DeliveryStreamName="curated", Record={"Data": b"1\n"})
    assert first["RecordId"]
    assert first["Encrypted"] is False
    batch = firehose.put_record_batch(
        DeliveryStreamName="curated", Records=[{"Data": b"2\n"}, {"Data": b"3\n"}]
    )
    assert batch["FailedPutCount"] == 0
    assert len({each["RecordId"] for each in batch["RequestResponses"]}) == 2
    assert service.drain(within_s=10.0) == 0
    assert b"".join(s3.contents()) == b"1\n2\n3\n"


def test_limits_are_refused_with_awss_codes_k05(firehose: Any) -> None:
    create(firehose)
    with pytest.raises(ClientError) as refused:
        firehose.put_record_batch(DeliveryStreamName="curated", Records=[{"Data": b"x"}] * 501)
    assert code_of(refused) == "ValidationException"
    with pytest.raises(ClientError) as refused:
        firehose.put_record_batch(DeliveryStreamName="curated", Records=[{"Data": b"x" * 900_000}] * 5)
    assert code_of(refused) == "InvalidArgumentException"
    with pytest.raises(ClientError) as refused:
        firehose.put_record(DeliveryStreamName="nowhere", Record={"Data": b"x"})
    assert code_of(refused) == "ResourceNotFoundException"


def test_an_update_changes_what_it_names_and_counts_the_version(
    firehose: Any, service: FirehoseService, s3: FakeS3
) -> None:
    create(firehose, CompressionFormat="GZIP")
    update = {"DeliveryStreamName": "curated", "DestinationId": "destinationId-000000000001"}
    firehose.update_destination(
        **update, CurrentDeliveryStreamVersionId="1", ExtendedS3DestinationUpdate={"Prefix": "new/"}
    )
    extended = described(firehose)["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert (extended["Prefix"], extended["CompressionFormat"]) == ("new/", "GZIP")
    assert described(firehose)["VersionId"] == "2"
    firehose.update_destination(
        **update, CurrentDeliveryStreamVersionId="2", ExtendedS3DestinationUpdate={"Prefix": "new/"}
    )
    assert described(firehose)["VersionId"] == "2", "nothing has changed"
    firehose.put_record(DeliveryStreamName="curated", Record={"Data": b"x"})
    service.drain(within_s=10.0)
    (key,) = s3.objects
    assert key.startswith("new/")
    assert "/curated-2-" in key
    with pytest.raises(ClientError) as refused:
        firehose.update_destination(
            **update, CurrentDeliveryStreamVersionId="1", ExtendedS3DestinationUpdate={"Prefix": "x/"}
        )
    assert code_of(refused) == "ConcurrentModificationException"
    with pytest.raises(ClientError, match="choose one of") as refused:
        firehose.update_destination(
            **update,
            CurrentDeliveryStreamVersionId="2",
            ExtendedS3DestinationUpdate={"CompressionFormat": "Snappy"},
        )
    assert code_of(refused) == "InvalidArgumentException"
    assert described(firehose)["VersionId"] == "2"


def test_delivery_streams_are_listed_in_pages_and_by_type(firehose: Any) -> None:
    for name in ("c", "a", "b"):
        create(firehose, name)
    first = firehose.list_delivery_streams(Limit=2)
    assert (first["DeliveryStreamNames"], first["HasMoreDeliveryStreams"]) == (["a", "b"], True)
    rest = firehose.list_delivery_streams(Limit=2, ExclusiveStartDeliveryStreamName="b")
    assert (rest["DeliveryStreamNames"], rest["HasMoreDeliveryStreams"]) == (["c"], False)
    other = firehose.list_delivery_streams(DeliveryStreamType="KinesisStreamAsSource")
    assert other["DeliveryStreamNames"] == []


def test_a_name_can_be_taken_once_and_again_after_it_was_deleted(
    firehose: Any, service: FirehoseService
) -> None:
    create(firehose)
    with pytest.raises(ClientError) as refused:
        create(firehose)
    assert code_of(refused) == "ResourceInUseException"
    firehose.put_record(DeliveryStreamName="curated", Record={"Data": b"x"})
    firehose.delete_delivery_stream(DeliveryStreamName="curated")
    assert service.dropped_records == 1
    with pytest.raises(ClientError) as refused:
        firehose.delete_delivery_stream(DeliveryStreamName="curated")
    assert code_of(refused) == "ResourceNotFoundException"
    create(firehose)
    assert service.figures()["curated"].waiting_records == 0


def test_tags_are_added_replaced_removed_and_listed_in_pages(firehose: Any) -> None:
    create(firehose)
    tags = [{"Key": "stage", "Value": "dev"}, {"Key": "owner", "Value": "a"}, {"Key": "empty"}]
    firehose.tag_delivery_stream(DeliveryStreamName="curated", Tags=tags)
    firehose.tag_delivery_stream(DeliveryStreamName="curated", Tags=[{"Key": "owner", "Value": "b"}])
    firehose.untag_delivery_stream(DeliveryStreamName="curated", TagKeys=["stage"])
    page = firehose.list_tags_for_delivery_stream(DeliveryStreamName="curated", Limit=1)
    assert (page["Tags"], page["HasMoreTags"]) == ([{"Key": "empty", "Value": ""}], True)
    rest = firehose.list_tags_for_delivery_stream(DeliveryStreamName="curated", ExclusiveStartTagKey="empty")
    assert (rest["Tags"], rest["HasMoreTags"]) == ([{"Key": "owner", "Value": "b"}], False)
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(49)]
    with pytest.raises(ClientError) as refused:
        firehose.tag_delivery_stream(DeliveryStreamName="curated", Tags=many)
    assert code_of(refused) == "LimitExceededException"


def test_encryption_is_accepted_and_described(firehose: Any) -> None:
    firehose.create_delivery_stream(
        DeliveryStreamName="curated",
        DeliveryStreamEncryptionConfigurationInput={"KeyType": "AWS_OWNED_CMK"},
        ExtendedS3DestinationConfiguration=DESTINATION,
    )
    assert described(firehose)["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLED"
    put = firehose.put_record(DeliveryStreamName="curated", Record={"Data": b"x"})
    assert put["Encrypted"] is True
    firehose.stop_delivery_stream_encryption(DeliveryStreamName="curated")
    assert described(firehose)["DeliveryStreamEncryptionConfiguration"]["Status"] == "DISABLED"
    firehose.start_delivery_stream_encryption(DeliveryStreamName="curated")
    assert described(firehose)["DeliveryStreamEncryptionConfiguration"]["KeyType"] == "AWS_OWNED_CMK"


@pytest.mark.parametrize(
    ("operation", "request_body", "code"),
    [
        ("Frobnicate", {}, "UnknownOperationException"),
        ("DescribeDeliveryStream", {}, "ValidationException"),
        ("DescribeDeliveryStream", {"DeliveryStreamName": 1}, "ValidationException"),
        ("PutRecord", {"DeliveryStreamName": [], "Record": {}}, "ResourceNotFoundException"),
        ("ListDeliveryStreams", {"Limit": "ten"}, "ValidationException"),
        ("CreateDeliveryStream", {"DeliveryStreamName": "a b"}, "ValidationException"),
        ("CreateDeliveryStream", {"DeliveryStreamName": "x"}, "InvalidArgumentException"),
        (
            "CreateDeliveryStream",
            {"DeliveryStreamName": "x", "DeliveryStreamType": "KinesisStreamAsSource"}
            | {"ExtendedS3DestinationConfiguration": DESTINATION},
            "InvalidArgumentException",
        ),
        (
            "CreateDeliveryStream",
            {"DeliveryStreamName": "x", "HttpEndpointDestinationConfiguration": {}},
            "ValidationException",
        ),
    ],
)
def test_a_malformed_request_gets_a_modelled_error(
    service: FirehoseService, operation: str, request_body: dict[str, Any], code: str
) -> None:

    answered = answer(service, operation, orjson.dumps(request_body))
    assert answered.status == 400
    assert orjson.loads(answered.body)["__type"] == code
