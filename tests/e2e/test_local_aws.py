"""The one AWS endpoint of the local run, as others use it: boto3, the AWS CLI, `chalice local`."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from headgate.local.options import environment
from tests.e2e.local_rig import BUCKET, REGION, ROOT, STREAM, Http, Local, eventually, files_in

pytestmark = pytest.mark.xdist_group("local")  # all of them share one run

BIN = Path(sys.executable).parent
SHARD = "shardId-000000000000"


def test_boto3_reads_the_stream_and_the_objects(local: Local) -> None:
    body = b'{"boto3":"%s"}' % uuid4().hex.encode()
    with local.http() as http:
        receipt = http.post(body).json
    kinesis, s3 = local.client("kinesis"), local.client("s3")
    iterator = kinesis.get_shard_iterator(
        StreamName=STREAM,
        ShardId=receipt["ShardId"],
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        StartingSequenceNumber=receipt["SequenceNumber"],
    )["ShardIterator"]
    assert kinesis.get_records(ShardIterator=iterator, Limit=1)["Records"][0]["Data"] == body + b"\n"

    def objects() -> list[bytes]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="raw-data/")
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys]

    eventually(lambda: any(body + b"\n" in gzip.decompress(text) for text in objects()))
    kinesis.close()
    s3.close()


@pytest.mark.skipif(not shutil.which("aws", path=str(BIN)), reason="awscli is not installed here")
def test_the_aws_cli_puts_reads_lists_and_copies(local: Local, tmp_path: Path) -> None:
    def aws(*arguments: str) -> str:
        variables = {**environment(local.endpoint_url, REGION), "AWS_PAGER": ""}
        done = subprocess.run(
            [BIN / "aws", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, **variables},
            timeout=60,
            check=True,
        )
        return done.stdout

    line = f'{{"cli":"{uuid4().hex}"}}\n'
    (tmp_path / "line").write_text(line, "utf-8")
    data = f"fileb://{tmp_path / 'line'}"
    put = json.loads(
        aws("kinesis", "put-record", "--stream-name", STREAM, "--partition-key", "k", "--data", data)
    )
    at = ("--shard-iterator-type", "AT_SEQUENCE_NUMBER", "--starting-sequence-number", put["SequenceNumber"])
    named = ("--stream-name", STREAM, "--shard-id", SHARD)
    iterator = json.loads(aws("kinesis", "get-shard-iterator", *named, *at))["ShardIterator"]
    read = json.loads(aws("kinesis", "get-records", "--shard-iterator", iterator, "--limit", "1"))
    assert read["Records"][0]["PartitionKey"] == "k"
    eventually(lambda: line.encode() in local.lines("raw-data"))
    listed = aws("s3", "ls", f"s3://{BUCKET}/raw-data/", "--recursive").split()
    raw = files_in(local.data, "raw-data")
    (path,) = [path for path in raw if line.encode() in gzip.decompress(path.read_bytes())]
    key = path.relative_to(local.data / "s3" / BUCKET).as_posix()
    assert key in listed
    aws("s3", "cp", f"s3://{BUCKET}/{key}", str(tmp_path / "copy.gz"))
    assert line.encode() in gzip.decompress((tmp_path / "copy.gz").read_bytes())


@contextmanager
def chalice_local(variables: dict[str, str]) -> Iterator[str]:
    """`chalice local --stage dev`, and its URL once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [BIN / "chalice", "local", "--stage", "dev", "--port", str(port), "--no-autoreload"],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: process.poll() is not None or answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_chalice_local_alone_works_against_the_endpoint_that_the_environment_names(local: Local) -> None:
    body = b'{"alone":"%s"}' % uuid4().hex.encode()
    with chalice_local(environment(local.endpoint_url, REGION)) as url, Http(url) as http:
        receipt = http.post(body)
        ready = http.ask("GET", "/ready")
        bad = http.post(b"[1]")
    assert (receipt.status, list(receipt.json)) == (200, ["SequenceNumber", "ShardId"])
    assert (ready.status, bad.status) == (200, 400)
    eventually(lambda: body + b"\n" in local.lines("raw-data"))
