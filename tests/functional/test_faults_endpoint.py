"""Faults as a boto3 client meets them through the endpoint, and the command line that switches them on."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from headgate.local import command
from headgate.local.endpoint import Endpoint
from headgate.local.faults.layer import FaultLayer
from headgate.local.kinesis import KinesisService, RecordStore

READ_TIMEOUT_S = 0.3


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], tuple[Any, Endpoint]]]:
    """Start a stream behind these faults; gives a client that tries once, and the endpoint."""
    store = RecordStore(tmp_path / "kinesis.sqlite")
    opened: list[Any] = []

    def begin(faults: str) -> tuple[Any, Endpoint]:
        layer = FaultLayer(faults)
        service = KinesisService(store, layer.clock(time.time))
        endpoint = Endpoint(layer.services({"Kinesis_20131202": service}), layer.application(nothing), 0)
        endpoint.start()
        config = Config(retries={"total_max_attempts": 1}, read_timeout=READ_TIMEOUT_S)
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
        client = boto3.client("kinesis", endpoint_url=endpoint.url, config=config, **keys)
        opened.extend([client.close, endpoint.stop])
        client.create_stream(StreamName="s", ShardCount=1)
        return client, endpoint

    yield begin
    for close in opened:
        close()
    store.close()


def nothing(_: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return []


def control(endpoint: Endpoint, operation: str, **request: str) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", endpoint.port, timeout=10)
    target = {"X-Amz-Target": f"HeadgateFaults.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    connection.request("POST", "/", json.dumps(request), target)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def put(client: Any) -> None:
    client.put_record(StreamName="s", Data=b"x", PartitionKey="k")


def stored(client: Any, endpoint: Endpoint) -> int:
    """How many records there are, asked without faults."""
    assert control(endpoint, "Change", Faults="seed=0")[0] == 200
    where = {"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = client.get_shard_iterator(**where)["ShardIterator"]
    return len(client.get_records(ShardIterator=iterator)["Records"])


@pytest.mark.parametrize(
    ("faults", "error", "count"),
    [
        ("lost_answer=1", ConnectionClosedError, 1),
        ("reset=1", ConnectionClosedError, 0),
        ("slow=1:0.6", ReadTimeoutError, 1),
        ("expired=1", ClientError, 0),
        ("throttle=1", ClientError, 0),
    ],
)
def test_k03_g03_a_client_sees_the_fault_and_the_stream_holds_what_was_committed(
    start: Callable[[str], tuple[Any, Endpoint]], faults: str, error: type[Exception], count: int
) -> None:
    client, endpoint = start(faults)
    with pytest.raises((error, ConnectionResetError)):
        put(client)
    assert stored(client, endpoint) == count


def test_the_endpoint_goes_on_after_a_reset(start: Callable[[str], tuple[Any, Endpoint]]) -> None:
    client, endpoint = start("reset=1")
    for _ in range(3):
        with pytest.raises((ConnectionClosedError, ConnectionResetError)):
            put(client)
    status, counted = control(endpoint, "Count")
    assert (status, counted["Counts"]["reset"]) == (200, 3)


def test_a_run_without_faults_has_no_control(start: Callable[[str], tuple[Any, Endpoint]]) -> None:
    client, endpoint = start("")
    put(client)
    connection = HTTPConnection("127.0.0.1", endpoint.port, timeout=10)
    connection.request("POST", "/", "{}", {"X-Amz-Target": "HeadgateFaults.Change"})
    assert connection.getresponse().status == 404
    connection.close()


def test_a_control_that_is_asked_for_nonsense_says_so(start: Callable[[str], tuple[Any, Endpoint]]) -> None:
    _, endpoint = start("seed=1")
    status, refusal = control(endpoint, "Change", Faults="resett=1")
    assert status == 400
    assert "did you mean reset?" in refusal["message"]


def test_a_mistyped_fault_ends_the_command_with_2_and_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--faults", "trottle=0.2"])
    assert ended.value.code == 2
    assert "did you mean throttle?" in capsys.readouterr().err
    options = command.options_of(parser.parse_args(["--faults", "throttle=0.2,slow=0.1,seed=7"]))
    assert options.faults == "throttle=0.2,slow=0.1:6.0,seed=7"
