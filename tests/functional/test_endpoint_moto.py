"""moto's other services behind the endpoint: each is found by the request's signature."""

import time
from collections.abc import Iterator

import pytest

from tests.aws_endpoint_process import EndpointProcess


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EndpointProcess]:
    process = EndpointProcess(tmp_path_factory.mktemp("data"))
    yield process
    process.kill()


def test_sts_says_who_calls(endpoint: EndpointProcess) -> None:
    sts = endpoint.client("sts")
    assert sts.get_caller_identity()["Account"] == "123456789012"
    sts.close()


def test_cloudwatch_takes_metrics(endpoint: EndpointProcess) -> None:
    cloudwatch = endpoint.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="Headgate", MetricData=[{"MetricName": "Accepted", "Value": 1}])
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics()["Metrics"]] == ["Accepted"]
    cloudwatch.close()


def test_logs_take_events(endpoint: EndpointProcess) -> None:
    logs = endpoint.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    event = {"timestamp": int(time.time() * 1000), "message": "hello"}
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])
    assert [e["message"] for e in logs.get_log_events(logGroupName="g", logStreamName="s")["events"]] == [
        "hello"
    ]
    logs.close()
