"""A loopback destination for the agent: Kinesis, Firehose, `POST /v1`, with faults by a script."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalicelib.packing import record_event_id


@dataclass
class Reply:
    """What to answer instead of taking the request."""

    status: int
    body: dict[str, Any] | bytes = field(default_factory=dict)  # bytes: a web page
    headers: dict[str, str] = field(default_factory=dict)
    take: bool = False  # the request is taken, and the answer is this one all the same
    hang_up: bool = False


Fault = Callable[[int, str, bytes], Reply | None]
"""Number of the request from 0, its key or operation, its body; None: take it."""


@dataclass
class Endpoint:
    """Everything that arrived; `lines` are (event id, line) by the rule of the contract."""

    url: str = ""
    fault: Fault = lambda _number, _key, _body: None
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    lines: list[tuple[str, bytes]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def texts(self) -> list[bytes]:
        """Lines, copies of one id once."""
        with self.lock:
            return list(dict(self.lines).values())


@contextmanager
def endpoint(fault: Fault | None = None) -> Iterator[Endpoint]:
    """A running one."""
    state = Endpoint()
    if fault is not None:
        state.fault = fault
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(state: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            if b"MetricData" in body and not operation.startswith("Put"):
                operation = "PutMetricData"
            key = self.headers.get("Idempotency-Key", operation)
            with state.lock:
                if operation == "PutMetricData":
                    state.metrics.append(json.loads(body))
                    reply = None
                else:
                    number = len(state.requests)
                    state.requests.append((key, body))
                    reply = state.fault(number, key, body)
                taken = reply is None or reply.take
                answer = _take(state, operation, key, body) if taken else {}
            if reply is not None and reply.hang_up:
                self.close_connection = True
                return
            status = 200 if reply is None else reply.status
            self._answer(
                status, answer if reply is None else reply.body, {} if reply is None else reply.headers
            )

        def _answer(self, status: int, value: dict[str, Any] | bytes, headers: dict[str, str]) -> None:
            page = isinstance(value, bytes)
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if page else "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            for name, text in headers.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(data)

    return Handler


def _take(state: Endpoint, operation: str, key: str, body: bytes) -> dict[str, Any]:
    if operation == "PutMetricData":
        return {}
    if operation in {"PutRecords", "PutRecordBatch"}:
        records = json.loads(body)["Records"]
        for record in records:
            _keep(
                state,
                record_event_id(record.get("PartitionKey"), "shard", str(len(state.lines))),
                base64.b64decode(record["Data"]),
            )
        if operation == "PutRecords":
            receipts = [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"}] * len(records)
            return {"FailedRecordCount": 0, "Records": receipts}
        return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}] * len(records)}
    _keep(state, key, body)
    receipts = [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"}] * len(body.splitlines())
    return {"FailedRecordCount": 0, "Records": receipts}


def _keep(state: Endpoint, key: str, data: bytes) -> None:
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        state.lines.append((key if number == 1 else f"{key}#{number}", line))


def aws_settings(url: str) -> dict[str, Any]:
    """The agent-wide keys that point every AWS client at the endpoint."""
    return {
        "kinesis.endpoint": url,
        "kinesis.region": "us-east-1",
        "firehose.endpoint": url,
        "cloudwatch.endpoint": url,
        "awsAccessKeyId": "test",
        "awsSecretAccessKey": "test",
    }
