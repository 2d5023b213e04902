"""The entry points, with recorded events, real Chalice and moto's server behind (G06 to G12, T02, T14)."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import boto3
import orjson
import pytest

from chalicelib import aws
from tests.app_rig import Context, ask, import_app, recorded, set_stage
from tests.moto_rig import moto_endpoint


@pytest.fixture(scope="module")
def warm_app() -> Iterator[ModuleType]:
    """One function that serves many invocations, as Lambda keeps it."""
    with pytest.MonkeyPatch.context() as environ:
        set_stage(environ)
        with moto_endpoint(environ):
            yield import_app()


@pytest.fixture
def app(warm_app: ModuleType) -> Iterator[ModuleType]:
    """The function and an empty stream."""
    boto3.client("kinesis").create_stream(StreamName="headgate-dev", ShardCount=1)
    yield warm_app
    boto3.client("kinesis").delete_stream(StreamName="headgate-dev")


def stored() -> list[bytes]:
    client = boto3.client("kinesis")
    shard_id = client.list_shards(StreamName="headgate-dev")["Shards"][0]["ShardId"]
    start = client.get_shard_iterator(
        StreamName="headgate-dev", ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )
    return [record["Data"] for record in client.get_records(ShardIterator=start["ShardIterator"])["Records"]]


@pytest.mark.parametrize("name", ["api_gateway_post", "api_gateway_post_gzip"])
def test_g07_one_event_is_stored_as_sent_and_answered_with_its_receipt(app: ModuleType, name: str) -> None:
    status, headers, body = ask(app, name)
    assert (status, set(body)) == (200, {"SequenceNumber", "ShardId"})
    assert headers["X-Request-Id"] == recorded(name)["requestContext"]["requestId"]
    assert stored() == [b'{"value":"30","type":"Tip 3"}\n']


def test_d03_a_batch_keeps_digits_and_order(app: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, body = ask(app, "api_gateway_post_batch")
    assert (status, body["FailedRecordCount"], len(body["Records"])) == (200, 0, 3)
    assert stored() == ['{"n":1}\n{"n":20000000000000000001}\n{"n":1.10,"text":"가"}\n'.encode()]
    assert orjson.loads(capsys.readouterr().out)["EventsAccepted"] == 3


@pytest.mark.parametrize(
    "header", [{}, {"Content-Type": "APPLICATION/JSON; Charset=UTF-8"}, {"content-type": "text/plain"}]
)
def test_g06_a_missing_or_odd_content_type_loses_nothing(app: ModuleType, header: dict[str, str]) -> None:
    status, *_ = ask(app, "api_gateway_post", headers=header)
    assert (status, len(stored())) == (200, 1)


def test_g06_a_form_gets_415_and_what_to_send(app: ModuleType) -> None:
    status, _, body = ask(app, "api_gateway_post_form")
    assert (status, body["Code"]) == (415, "UnsupportedMediaType")
    assert "-H 'Content-Type: application/json'" in body["Message"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (None, 400, "EmptyBody"),
        ("[" * 100_000, 400, "InvalidEvent"),
        ('{"a":NaN}', 400, "InvalidEvent"),
        ('{"a":1e99999999999999999999}', 200, None),
        ('{"a":"\ud800"}', 400, "InvalidEvent"),
        ("x" * 4_194_305, 413, "TooLarge"),
        ("{}\n" * 501, 400, "InvalidEvent"),
        ("[" + "{}," * 500 + "{}]", 413, "TooLarge"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_d01_d04_i7_no_body_is_answered_with_a_fault_of_ours(
    app: ModuleType, sent: str | None, status: int, code: str | None
) -> None:
    found, _, body = ask(app, "api_gateway_post", body=sent)
    assert (found, body.get("Code")) == (status, code)


@pytest.mark.parametrize("name", ["X\r\nInjected: 1", "X-Nul\x00", "x" * 8000, "가"])
def test_g09_a_hostile_header_is_not_reflected(app: ModuleType, name: str) -> None:
    hostile = {name: name, "Origin": name, "X-Request-Id": name, "X-Amzn-Trace-Id": name}
    status, headers, _ = ask(app, "api_gateway_post", headers=hostile)
    assert status == 200
    assert name not in "".join([*headers.keys(), *headers.values()])


def test_other_methods_and_probes_are_answered(app: ModuleType) -> None:
    status, headers, body = ask(app, "api_gateway_get_v1")
    assert (status, headers["Allow"], body["Code"]) == (405, "POST", "MethodNotAllowed")
    assert ask(app, "api_gateway_options")[0] == 405
    assert ask(app, "api_gateway_get_health")[2]["Status"] == "ok"
    assert ask(app, "api_gateway_get_ready")[2] == {"Status": "ready"}


def test_not_ready_without_a_stream_while_health_stays_up(app: ModuleType) -> None:
    client = boto3.client("kinesis")
    client.delete_stream(StreamName="headgate-dev")
    status, headers, body = ask(app, "api_gateway_get_ready")
    assert (status, body["Code"]) == (503, "Unavailable")
    assert headers["Retry-After"]
    assert ask(app, "api_gateway_get_health")[0] == 200
    assert ask(app, "api_gateway_post")[0] == 503
    client.create_stream(StreamName="headgate-dev", ShardCount=1)


class Answers:
    """A service that has one answer."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.answer = answer

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG002
        return self.answer


def test_not_ready_where_the_stream_itself_spreads_records_and_a_field_should_keep_order(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: Kinesis API, UpdateStreamRecordDistributionStrategy: AUTO ignores partition and hash keys."""
    summary = {"StreamStatus": "ACTIVE", "RecordDistributionStrategy": "AUTO"}
    api = Answers({"StreamDescriptionSummary": summary})
    monkeypatch.setitem(vars(app.handlers), "_stream", aws.KinesisStream(api, "headgate-dev"))
    assert ask(app, "api_gateway_get_ready")[0] == 200
    ordered = dataclasses.replace(app.handlers._settings, ordering_field="/device")
    monkeypatch.setattr(app.handlers, "_settings", ordered)
    status, _, body = ask(app, "api_gateway_get_ready")
    assert (status, body["Code"]) == (503, "Unavailable")
    assert "RecordDistributionStrategy AUTO" in body["Message"]


@pytest.fixture
def lake(app: ModuleType) -> Iterator[Any]:  # noqa: ARG001 - pytest's way to ask for it
    client = boto3.client("s3")
    client.create_bucket(Bucket="headgate-dev-123456789012-us-east-1")
    destination = {
        "RoleARN": "arn:aws:iam::123456789012:role/r",
        "BucketARN": "arn:aws:s3:::headgate-dev-123456789012-us-east-1",
        "Prefix": "curated/",
    }
    boto3.client("firehose").create_delivery_stream(
        DeliveryStreamName="headgate-dev-curated", ExtendedS3DestinationConfiguration=destination
    )
    yield client
    boto3.client("firehose").delete_delivery_stream(DeliveryStreamName="headgate-dev-curated")
    boto3.resource("s3").Bucket("headgate-dev-123456789012-us-east-1").objects.delete()


def lines_under(lake: Any, prefix: str) -> list[Any]:
    bucket = "headgate-dev-123456789012-us-east-1"
    keys = [item["Key"] for item in lake.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
    text = b"".join(lake.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
    return [orjson.loads(line) for line in text.splitlines()]


def test_a_batch_of_the_stream_is_curated(app: ModuleType, lake: Any) -> None:
    assert app.transform(recorded("kinesis_batch"), Context()) == {"batchItemFailures": []}
    lines = lines_under(lake, "curated/")
    assert [line["event_id"] for line in lines] == [
        "JJbxmplHYosFVYQ=", "order-17/0", "order-17/0#2",
    ]  # fmt: skip
    assert lines[0]["event"] == {"value": "30", "type": "Tip 3"}
    assert lines[0]["received_at"] == "2018-12-17T22:10:50.987Z"


def test_t14_foreign_records_are_curated_or_quarantined(
    app: ModuleType, lake: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.transform(recorded("kinesis_foreign"), Context()) == {"batchItemFailures": []}
    assert [line["event"] for line in lines_under(lake, "curated/")] == [
        {"message": "Hello, this is a test."}
    ]
    quarantined = {
        line["code"]: line for line in lines_under(lake, "quarantine/2018/12/17/22/shardId-000000000006-")
    }
    assert set(quarantined) == {"AggregatedRecord", "InvalidUtf8"}
    assert "line_base64" in quarantined["InvalidUtf8"]
    out = capsys.readouterr().out
    assert json.loads(out)["LinesDropped"] == 2
    assert "Jos" not in out


def test_t02_a_missing_delivery_stream_hands_the_batch_back(app: ModuleType) -> None:
    event = recorded("kinesis_batch")
    first = event["Records"][0]["kinesis"]["sequenceNumber"]
    assert app.transform(event, Context()) == {"batchItemFailures": [{"itemIdentifier": first}]}
