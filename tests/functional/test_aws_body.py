"""What goes over the wire: equal to what botocore would send, signed, and each call's own."""

import json
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib import aws
from chalicelib.ports import Entry, Receipt
from chalicelib.retry import Failure, Outcome, Success

ENTRIES = [Entry(b'{"a":"\xc3\xa9"}\n', "k/0"), Entry(b"\x00\xff\n", "k\n\u00e9/1", "7"), Entry(b"", "k")]
Sent = list[tuple[dict[str, str], dict[str, Any]]]


class Peer(ThreadingHTTPServer):
    """Answers as often as asked, with a receipt for each record or with the scripted (status, body)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sent: Sent = []
        self.script: list[tuple[int, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def client(self, service: str) -> Any:
        """boto3's, as it comes."""
        return boto3.client(service)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Peer

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(text)
        self.server.sent.append(({**self.headers, "body": text.decode()}, request))
        status, said = self.server.script.pop(0) if self.server.script else (200, _receipts(request))
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _receipts(request: dict[str, Any]) -> dict[str, Any]:
    data = [b64decode(record["Data"]).decode("latin-1") for record in request["Records"]]
    return {
        "FailedRecordCount": 0,
        "Records": [{"SequenceNumber": text, "ShardId": "shard"} for text in data],
        "FailedPutCount": 0,
        "RequestResponses": [{"RecordId": text} for text in data],
    }


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with Peer() as server:
        monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_put_records_sends_what_botocore_itself_would_send(peer: Peer) -> None:
    aws.kinesis_stream("the-stream").put(ENTRIES)
    records = [
        {"Data": e.data, "PartitionKey": e.partition_key}
        | ({"ExplicitHashKey": e.explicit_hash_key} if e.explicit_hash_key else {})
        for e in ENTRIES
    ]
    peer.client("kinesis").put_records(StreamName="the-stream", Records=records)
    (ours, our_request), (theirs, their_request) = peer.sent
    assert our_request == their_request
    retries = {"amz-sdk-invocation-id", "amz-sdk-request"}
    assert {name.lower() for name in ours} == {name.lower() for name in theirs} - retries
    assert ours["X-Amz-Target"] == theirs["X-Amz-Target"]


def test_put_record_batch_sends_what_botocore_itself_would_send(peer: Peer) -> None:
    lines = [entry.data for entry in ENTRIES]
    aws.delivery_stream("the-delivery").put(lines)
    records = [{"Data": line} for line in lines]
    peer.client("firehose").put_record_batch(DeliveryStreamName="the-delivery", Records=records)
    (_, ours), (_, theirs) = peer.sent
    assert ours == theirs


def test_the_signature_covers_the_body_that_is_sent(peer: Peer) -> None:
    aws.kinesis_stream("the-stream").put(ENTRIES)
    headers = peer.sent[0][0]
    names = headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    given = {name.lower(): value for name, value in headers.items()}
    request = AWSRequest(
        "POST", peer.url + "/", {name: given[name] for name in names}, headers["body"].encode()
    )
    request.context["timestamp"] = given["x-amz-date"]
    oracle = SigV4Auth(Credentials("AKIDEXAMPLE", "example"), "kinesis", "us-east-1")
    canonical = oracle.canonical_request(request)
    expected = oracle.signature(oracle.string_to_sign(request, canonical), request)
    assert headers["Authorization"].endswith(f"Signature={expected}")


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (400, {"__type": "ProvisionedThroughputExceededException"}, "Throttled"),
        (400, {"__type": "ResourceNotFoundException", "message": "no"}, "Misconfigured"),
        (400, {"__type": "ExpiredTokenException"}, "Unavailable"),
        (500, {"__type": "InternalFailure"}, "Unavailable"),
        (503, {}, "Unavailable"),
    ],
)
def test_an_error_of_the_call_is_the_failure_of_every_record(
    peer: Peer, status: int, answer: dict[str, Any], expected: str
) -> None:
    peer.script = [(status, answer)]
    outcomes = aws.kinesis_stream("the-stream").put(ENTRIES)
    assert [o.code for o in outcomes if isinstance(o, Failure)] == [expected] * len(ENTRIES)


def test_a_partial_failure_stays_with_its_record(peer: Peer) -> None:
    failed = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "m"}
    stored = {"SequenceNumber": "1", "ShardId": "shard"}
    peer.script = [(200, {"FailedRecordCount": 1, "Records": [stored, failed, stored]})]
    outcomes = aws.kinesis_stream("the-stream").put(ENTRIES)
    assert [type(outcome) for outcome in outcomes] == [Success, Failure, Success]


@pytest.mark.usefixtures("peer")
def test_threads_that_share_a_client_never_send_each_others_bodies() -> None:
    stream = aws.kinesis_stream("the-stream")

    def put(number: int) -> list[Outcome]:
        return stream.put([Entry(str(number).encode(), "k")])

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(put, range(200)))
    assert outcomes == [[Success(Receipt("shard", str(number)))] for number in range(200)]
