"""The adapters with real boto3 against moto, from one thread; faults go in below it (K01 to K10, T09)."""

import inspect
import string
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.exceptions
import orjson
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from chalicelib import aws
from chalicelib.ports import Entry, Receipt
from chalicelib.retry import Failure, Success
from tests.makers import body_of, make_ingest, make_request, post

ENTRIES = [Entry(b'{"n":%d}\n' % number, f"key-{number}") for number in range(3)]


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def stream(credentials: None) -> Iterator[aws.KinesisStream]:  # noqa: ARG001 - pytest's way to ask for it
    with mock_aws():
        boto3.client("kinesis").create_stream(StreamName="events", ShardCount=1)
        yield aws.kinesis_stream("events")


def stored(adapter: aws.KinesisStream) -> list[tuple[str, bytes]]:
    """What the stream holds: partition keys and data."""
    client = adapter._client
    shard_id = client.list_shards(StreamName="events")["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(
        StreamName="events", ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )
    records = client.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return [(record["PartitionKey"], record["Data"]) for record in records]


def inject(adapter: Any, *answers: tuple[int, Any] | Exception | None) -> None:
    """Let the next calls meet these answers below botocore: (status, JSON), an exception, or moto (None)."""
    script = iter(answers)

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        found = next(script, None)
        if found is None:
            return None
        if isinstance(found, Exception):
            raise found
        request.url = (
            "https://injected.test/"  # botocore asks moto's hook all the same; this one it does not know
        )
        return AWSResponse(request.url, found[0], {}, Raw(orjson.dumps(found[1])))

    # More specific than moto's own hook, and so before it.
    adapter._client.meta.events.register(
        f"before-send.{adapter._client.meta.service_model.service_name}", answer
    )


class Raw:
    """What AWSResponse reads a body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def refusal(code: str) -> tuple[int, Any]:
    return 400, {"__type": code, "message": f"secret detail of {code}"}


def test_k01_records_arrive_with_keys_and_receipts(stream: aws.KinesisStream) -> None:
    outcomes = stream.put(ENTRIES)
    assert all(isinstance(outcome, Success) and isinstance(outcome.receipt, Receipt) for outcome in outcomes)
    assert stored(stream) == [(entry.partition_key, entry.data) for entry in ENTRIES]


def test_k01_a_mixed_answer_is_mapped_by_index_and_only_the_failed_go_again(
    stream: aws.KinesisStream,
) -> None:
    receipt = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}
    busy = {
        "ErrorCode": "ProvisionedThroughputExceededException",
        "ErrorMessage": "Rate exceeded for 123456789012",
    }
    inject(stream, (200, {"FailedRecordCount": 1, "Records": [receipt, busy, receipt]}))
    answer = post(make_ingest(stream, pack_bytes=0), make_request(b'[{"n":0},{"n":1},{"n":2}]'))
    assert answer.status == 200
    assert stored(stream) == [("id-1/1", b'{"n":1}\n')]


def test_k02_throttled_calls_are_waited_for_and_then_succeed(stream: aws.KinesisStream) -> None:
    inject(stream, *[refusal("ProvisionedThroughputExceededException")] * 3)
    assert post(make_ingest(stream), make_request(b"{}")).status == 200
    assert len(stored(stream)) == 1


def test_k02_k04_botocore_itself_never_tries_again(stream: aws.KinesisStream) -> None:
    inject(stream, refusal("ProvisionedThroughputExceededException"))
    failure = Failure("Throttled", passing=True, cause="ProvisionedThroughputExceededException")
    assert stream.put(ENTRIES) == [failure] * 3
    assert stored(stream) == []


def test_k03_a_lost_answer_is_sent_again_and_both_copies_have_one_id(stream: aws.KinesisStream) -> None:
    lost = iter([botocore.exceptions.ReadTimeoutError(endpoint_url="https://kinesis.test")])

    def lose(**_: Any) -> None:
        for error in lost:
            raise error

    stream._client.meta.events.register("after-call.kinesis.PutRecords", lose)
    assert post(make_ingest(stream), make_request(b'{"n":1}')).status == 200
    assert stored(stream) == [("id-1", b'{"n":1}\n')] * 2


def is_botocore_error(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, botocore.exceptions.BotoCoreError)


def every_botocore_error() -> Iterator[Exception]:
    for error in vars(botocore.exceptions).values():
        if is_botocore_error(error):
            names = {name for _, name, *_ in string.Formatter().parse(error.fmt) if name}
            required = inspect.signature(error).parameters.values()
            names |= {
                each.name
                for each in required
                if each.default is each.empty and each.kind is not each.VAR_KEYWORD
            }
            yield error(**dict.fromkeys(names, "x"))


def test_k10_every_error_of_botocores_own_is_a_failure_that_may_pass(stream: aws.KinesisStream) -> None:
    errors = list(every_botocore_error())
    inject(stream, *errors)
    assert len(errors) > 50
    for error in errors:
        assert stream.put(ENTRIES[:1]) == [Failure("Unavailable", passing=True, cause=type(error).__name__)]


@pytest.mark.usefixtures("credentials")
def test_k10_nobody_listening_is_a_failure_that_may_pass() -> None:
    config = aws.kinesis_stream("x")._client.meta.config
    client = boto3.client("kinesis", endpoint_url="http://127.0.0.1:1", config=config)
    (failure,) = aws.KinesisStream(client, "events").put(ENTRIES[:1])
    assert failure == Failure("Unavailable", passing=True, cause="EndpointConnectionError")
    client.close()


def test_a_missing_stream_is_misconfigured_and_not_ready(stream: aws.KinesisStream) -> None:
    assert stream.check() == Success("ACTIVE")
    missing = aws.kinesis_stream("missing")
    failure = Failure("Misconfigured", passing=False, cause="ResourceNotFoundException")
    assert missing.check() == failure
    assert missing.put(ENTRIES[:1]) == [failure]
    answer = post(make_ingest(missing), make_request(b"{}"))
    assert (answer.status, b"missing" in answer.body, body_of(answer)["Code"]) == (503, False, "Unavailable")


@pytest.fixture
def delivery(stream: aws.KinesisStream) -> aws.DeliveryStream:  # noqa: ARG001 - pytest's way to ask for it
    boto3.client("s3").create_bucket(Bucket="lake")
    destination = {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::lake"}
    boto3.client("firehose").create_delivery_stream(
        DeliveryStreamName="curated", ExtendedS3DestinationConfiguration=destination
    )
    return aws.delivery_stream("curated")


def test_t09_a_delivery_stream_takes_records_and_names_each_failure(delivery: aws.DeliveryStream) -> None:
    assert [type(outcome) for outcome in delivery.put([b"a\n", b"b\n"])] == [Success, Success]
    mixed = [{"RecordId": "r1"}, {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "x"}]
    inject(
        delivery,
        (200, {"FailedPutCount": 1, "RequestResponses": mixed}),
        refusal("ResourceNotFoundException"),
    )
    assert delivery.put([b"a\n", b"b\n"]) == [
        Success("r1"),
        Failure("Unavailable", passing=True, cause="ServiceUnavailableException"),
    ]
    missing = Failure("Misconfigured", passing=False, cause="ResourceNotFoundException")
    assert delivery.put([b"a\n"]) == [missing]


@pytest.mark.usefixtures("delivery")
def test_a_bucket_takes_objects_and_a_missing_one_is_misconfigured() -> None:
    bucket = aws.bucket()
    assert bucket.put("lake", "quarantine/x.ndjson", b"{}\n") == Success()
    assert boto3.client("s3").get_object(Bucket="lake", Key="quarantine/x.ndjson")["Body"].read() == b"{}\n"
    missing = Failure("Misconfigured", passing=False, cause="NoSuchBucket")
    assert bucket.put("no-such-lake", "x", b"") == missing


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    "make", [lambda: aws.kinesis_stream("x"), lambda: aws.delivery_stream("x"), aws.bucket]
)
def test_k04_each_client_has_short_time_outs_and_one_attempt(make: Callable[[], Any]) -> None:
    adapter = make()
    config = adapter._client.meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout <= adapter.call_s
    assert adapter.call_s < 10
