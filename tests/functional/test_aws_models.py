"""What clients.py does in botocore's place gives what botocore gives: its models, and its endpoints."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

from chalicelib import clients
from chalicelib.clients import _Files, _Models

SERVICES = ("firehose", "kinesis", "s3")


@pytest.fixture(scope="module")
def ours() -> Any:
    return _Models(file_loader=_Files())


@pytest.fixture(scope="module")
def theirs() -> Any:
    return Loader()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2"])
def test_a_model_is_the_same_in_the_same_order(ours: Any, theirs: Any, service: str, kind: str) -> None:
    try:
        expected = theirs.load_service_model(service, kind)
    except UnknownServiceError:
        with pytest.raises(DataNotFoundError):
            ours.load_service_model(service, kind)
    else:
        assert json.dumps(ours.load_service_model(service, kind)) == json.dumps(expected)


@pytest.mark.parametrize("name", ["endpoints", "partitions", "_retry", "sdk-default-configuration"])
def test_what_all_services_share_is_the_same(ours: Any, theirs: Any, name: str) -> None:
    assert json.dumps(ours.load_data(name)) == json.dumps(theirs.load_data(name))


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_used_here_is_one_that_botocore_has(ours: Any, theirs: Any, service: str) -> None:
    assert service in theirs.list_available_services("service-2")
    assert service in ours.list_available_services("service-2")


def test_a_service_not_used_here_is_refused_as_botocore_refuses_an_unknown_one(ours: Any) -> None:
    with pytest.raises(UnknownServiceError):
        ours.load_service_model("sqs", "service-2")


class SeenError(Exception):
    """Stops a call when its URL is known."""


def url_of(client: Any, operation: str, **params: Any) -> str:
    """Where a call goes: its URL as the transport would get it."""
    seen: list[str] = []

    def look(request: Any, **_: Any) -> None:
        seen.append(request.url)
        raise SeenError

    client.meta.events.register("before-send", look)
    for _ in range(2):
        with pytest.raises(SeenError):
            getattr(client, operation)(**params)
    client.meta.events.unregister("before-send", look)
    assert len(set(seen)) == 1
    return seen[0]


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-2", "cn-north-1", "us-gov-west-1", "xx-new-9"])
@pytest.mark.parametrize(
    "variable",
    [
        ("AWS_USE_FIPS_ENDPOINT", "false"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("AWS_ENDPOINT_URL_KINESIS", "https://vpce-1.kinesis.example"),
    ],
)
def test_every_call_goes_where_botocore_would_send_it(
    monkeypatch: pytest.MonkeyPatch, region: str, variable: tuple[str, str]
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv(*variable)
    monkeypatch.setattr(clients, "_session", clients._session.__wrapped__)
    records = [{"Data": b"x", "PartitionKey": "k"}]
    ours = clients.writing_bodies(clients.client("kinesis"), "kinesis.PutRecords")
    theirs = botocore.session.get_session().create_client("kinesis")
    assert url_of(ours, "put_records", StreamName="s", Records=list(records)) == url_of(
        theirs, "put_records", StreamName="s", Records=records
    )
    assert url_of(ours, "describe_stream_summary", StreamName="s") == url_of(
        theirs, "describe_stream_summary", StreamName="s"
    )
    lines = [{"Data": b"x"}]
    ours = clients.writing_bodies(clients.client("firehose"), "firehose.PutRecordBatch")
    theirs = botocore.session.get_session().create_client("firehose")
    assert url_of(ours, "put_record_batch", DeliveryStreamName="d", Records=list(lines)) == url_of(
        theirs, "put_record_batch", DeliveryStreamName="d", Records=lines
    )
