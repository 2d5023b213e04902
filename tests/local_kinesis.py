"""Our Kinesis on a loopback port with a boto3 client: what the functional tests of stream readers share."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from headgate.local.endpoint import Endpoint
from headgate.local.kinesis import KinesisService, RecordStore


@contextmanager
def local_kinesis(path: Path, clock: Callable[[], float] = time.time) -> Iterator[str]:
    """Serve an empty Kinesis on this clock, with AWS' limits; give its URL."""
    store = RecordStore(path)
    endpoint = Endpoint({"Kinesis_20131202": KinesisService(store, clock)}, _nothing, 0)
    endpoint.start()
    try:
        yield endpoint.url
    finally:
        endpoint.stop()
        store.close()


@contextmanager
def kinesis_client(url: str) -> Iterator[Any]:
    """Give a boto3 client that closes its connections at the end."""
    client = boto3.client(
        "kinesis",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield client
    finally:
        client.close()


def _nothing(_: Any, start_response: Any) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return []
