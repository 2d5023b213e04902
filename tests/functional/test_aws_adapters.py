"""The adapters over loopback HTTP against moto's server; faults go in before it (K01 to K10, T09)."""

import inspect
import string
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import orjson
import pytest

from chalicelib import aws
from chalicelib.connections import CONNECT_S, READ_S
from chalicelib.ports import Entry, Receipt
from chalicelib.retry import Failure, Success
from headgate.boto_api import BotoApi
from tests.makers import body_of, make_ingest, make_request, post
from tests.moto_rig import MotoEndpoint, moto_endpoint

ENTRIES = [Entry(b'{"n":%d}\n' % number, f"key-{number}") for number in range(3)]


@pytest.fixture(scope="module")
def server() -> Iterator[MotoEndpoint]:
    with pytest.MonkeyPatch.context() as environ, moto_endpoint(environ) as running:
        yield running


@pytest.fixture
def endpoint(server: MotoEndpoint) -> Iterator[MotoEndpoint]:
    server.client("kinesis").create_stream(StreamName="events", ShardCount=1)
    yield server
    server.client("kinesis").delete_stream(StreamName="events")
    assert not server.script


@pytest.fixture
def stream(endpoint: MotoEndpoint) -> aws.KinesisStream:  # noqa: ARG001 - the environment names it
    return aws.kinesis_stream("events")


def stored(endpoint: MotoEndpoint) -> list[tuple[str, bytes]]:
    """What the stream holds: partition keys and data."""
    client = endpoint.client("kinesis")
    shard_id = client.list_shards(StreamName="events")["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(
        StreamName="events", ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )
    records = client.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return [(record["PartitionKey"], record["Data"]) for record in records]


def refusal(code: str) -> tuple[int, bytes]:
    return 400, orjson.dumps({"__type": code, "message": f"secret detail of {code}"})


def test_k01_records_arrive_with_keys_and_receipts(endpoint: MotoEndpoint, stream: aws.KinesisStream) -> None:
    outcomes = stream.put(ENTRIES)
    assert all(isinstance(outcome, Success) and isinstance(outcome.receipt, Receipt) for outcome in outcomes)
    assert stored(endpoint) == [(entry.partition_key, entry.data) for entry in ENTRIES]


def test_k01_a_mixed_answer_is_mapped_by_index_and_only_the_failed_go_again(
    endpoint: MotoEndpoint, stream: aws.KinesisStream
) -> None:
    receipt = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}
    busy = {
        "ErrorCode": "ProvisionedThroughputExceededException",
        "ErrorMessage": "Rate exceeded for 123456789012",
    }
    answers = {"FailedRecordCount": 1, "Records": [receipt, busy, receipt]}
    endpoint.script = [(200, orjson.dumps(answers))]
    answer = post(make_ingest(stream, pack_bytes=0), make_request(b'[{"n":0},{"n":1},{"n":2}]'))
    assert answer.status == 200
    assert stored(endpoint) == [("hg1:id-1/1", b'{"n":1}\n')]


def test_k02_throttled_calls_are_waited_for_and_then_succeed(
    endpoint: MotoEndpoint, stream: aws.KinesisStream
) -> None:
    endpoint.script = [refusal("ProvisionedThroughputExceededException")] * 3
    assert post(make_ingest(stream), make_request(b"{}")).status == 200
    assert len(stored(endpoint)) == 1


def test_k02_k04_the_client_itself_never_tries_again(
    endpoint: MotoEndpoint, stream: aws.KinesisStream
) -> None:
    endpoint.script = [refusal("ProvisionedThroughputExceededException")]
    failure = Failure("Throttled", passing=True, cause="ProvisionedThroughputExceededException")
    assert stream.put(ENTRIES) == [failure] * 3
    assert stored(endpoint) == []


def test_k03_a_lost_answer_is_sent_again_and_both_copies_have_one_id(
    endpoint: MotoEndpoint, stream: aws.KinesisStream
) -> None:
    endpoint.lose_answers = 1
    assert post(make_ingest(stream), make_request(b'{"n":1}')).status == 200
    assert stored(endpoint) == [("hg1:id-1", b'{"n":1}\n')] * 2


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


class Raising:
    """A boto3 client that fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def put_records(self, **_: Any) -> dict[str, Any]:
        raise self._error


def test_k10_every_error_of_botocores_own_is_a_failure_that_may_pass() -> None:
    errors = list(every_botocore_error())
    assert len(errors) > 50
    for error in errors:
        stream = aws.KinesisStream(BotoApi(Raising(error)), "events")
        assert stream.put(ENTRIES[:1]) == [Failure("Unavailable", passing=True, cause=type(error).__name__)]


@pytest.mark.usefixtures("endpoint")
def test_k10_nobody_listening_is_a_failure_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    (failure,) = aws.kinesis_stream("events").put(ENTRIES[:1])
    assert failure == Failure("Unavailable", passing=True, cause="ConnectionRefusedError")


def test_a_missing_stream_is_misconfigured_and_not_ready(stream: aws.KinesisStream) -> None:
    assert stream.check() == Success("ACTIVE")
    missing = aws.kinesis_stream("missing")
    failure = Failure("Misconfigured", passing=False, cause="ResourceNotFoundException")
    assert missing.check() == failure
    assert missing.put(ENTRIES[:1]) == [failure]
    answer = post(make_ingest(missing), make_request(b"{}"))
    assert (answer.status, b"missing" in answer.body, body_of(answer)["Code"]) == (503, False, "Unavailable")


@pytest.fixture
def delivery(endpoint: MotoEndpoint) -> Iterator[aws.DeliveryStream]:
    endpoint.client("s3").create_bucket(Bucket="lake")
    destination = {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::lake"}
    endpoint.client("firehose").create_delivery_stream(
        DeliveryStreamName="curated", ExtendedS3DestinationConfiguration=destination
    )
    yield aws.delivery_stream("curated")
    endpoint.client("firehose").delete_delivery_stream(DeliveryStreamName="curated")


def test_t09_a_delivery_stream_takes_records_and_names_each_failure(
    endpoint: MotoEndpoint, delivery: aws.DeliveryStream
) -> None:
    assert [type(outcome) for outcome in delivery.put([b"a\n", b"b\n"])] == [Success, Success]
    mixed = [{"RecordId": "r1"}, {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "x"}]
    endpoint.script = [
        (200, orjson.dumps({"FailedPutCount": 1, "RequestResponses": mixed})),
        refusal("ResourceNotFoundException"),
    ]
    assert delivery.put([b"a\n", b"b\n"]) == [
        Success("r1"),
        Failure("Unavailable", passing=True, cause="ServiceUnavailableException"),
    ]
    missing = Failure("Misconfigured", passing=False, cause="ResourceNotFoundException")
    assert delivery.put([b"a\n"]) == [missing]


@pytest.mark.usefixtures("delivery")
def test_a_bucket_takes_objects_and_a_missing_one_is_misconfigured(endpoint: MotoEndpoint) -> None:
    bucket = aws.bucket()
    key = "quarantine/2026/a b+c~\u00e9.ndjson"
    assert bucket.put("lake", key, b"{}\n") == Success()
    assert endpoint.client("s3").get_object(Bucket="lake", Key=key)["Body"].read() == b"{}\n"
    missing = Failure("Misconfigured", passing=False, cause="NoSuchBucket")
    assert bucket.put("no-such-lake", "x", b"") == missing


@pytest.mark.usefixtures("delivery")
def test_a_proxys_word_that_an_object_is_stored_is_not_believed(endpoint: MotoEndpoint) -> None:
    endpoint.script = [(200, b"<html>Welcome to the guest network</html>"), (200, b"")]
    bucket = aws.bucket()
    for _ in range(2):
        outcome = bucket.put("lake", "x", b"{}")
        assert isinstance(outcome, Failure)
        assert (outcome.code, outcome.passing) == ("Unavailable", True)


def test_k04_a_call_has_short_time_outs(stream: aws.KinesisStream) -> None:
    assert CONNECT_S + READ_S <= stream.call_s < 10
