"""A loopback endpoint for the sender's tests: the contract's own code, a stream in memory, and faults.

A fault is used up by the next request that comes, so a test tells a story: `faults=[refuse(503), LOST]`.
"""

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from chalicelib import gateway
from chalicelib.decode import Rules
from chalicelib.ingest import Ingest
from chalicelib.packing import record_event_id
from chalicelib.ports import Entry, Receipt
from chalicelib.retry import Failure, Outcome, Success
from chalicelib.schemas import Schemas


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request."""

    status: int = 0  # answer this; 0: no answer, the connection is closed
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stored: bool = False  # the events are stored first: the answer is what gets lost
    meanwhile: Callable[[], object] | None = None  # happens before the answer


LOST = Fault(stored=True)
RESET = Fault()


def refuse(status: int, code: str = "", *, retry_after: str | None = "0", errors: object = None) -> Fault:
    """An answer of the contract's error shape."""
    said: dict[str, object] = {
        "Code": code or str(status),
        "Message": "as the test wants it",
        "RequestId": "r",
    }
    if errors is not None:
        said["Errors"] = errors
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Fault(status, json.dumps(said).encode(), headers)


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def key(self) -> str:
        """Its Idempotency-Key."""
        return self.headers["idempotency-key"]

    @property
    def events(self) -> list[Any]:
        """Its events as values."""
        return [json.loads(line) for line in self.body.split(b"\n")]


class MemoryStream:
    """A stream that keeps its records; the calls in `partial` fail for every other record."""

    call_s = 1.0

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.partial = 0
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Store all, or while `partial` lasts every other one."""
        with self._lock:
            fails = self.partial > 0
            self.partial -= fails
            return [
                Failure("InternalFailure", passing=False) if fails and i % 2 else self._store(entry)
                for i, entry in enumerate(entries)
            ]

    def _store(self, entry: Entry) -> Success:
        self.entries.append(entry)
        return Success(Receipt("shardId-000000000000", str(next(self._numbers))))


def event_id(entry: Entry) -> str:
    """The event id of a record."""
    return record_event_id(entry.partition_key, "no shard", "")


class _Nowhere:
    def count(self, name: str, n: int, reason: str = "") -> None:
        pass


class Endpoint:
    """The endpoint; a context manager."""

    def __init__(
        self,
        faults: Iterable[Fault] = (),
        schemas: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
    ) -> None:
        self.stream = MemoryStream()
        self.seen: list[Seen] = []
        self.faults = list(faults)
        self.max_bytes = max_bytes
        self.on_request: Callable[[Seen], object] = lambda _: None
        self.before_request: Callable[[Seen], object] = lambda _: None  # may add a fault for this request
        self._lock = threading.Lock()
        ids = (f"made-here-{number}" for number in itertools.count())
        rules = Rules(Schemas(dict(schemas or {})))
        self._ingest = Ingest(
            self.stream, rules, 0, time.monotonic, lambda _: None, lambda: 0.0, lambda: next(ids)
        )
        self._server = _Server(self)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/prod/v1"

    @property
    def lines(self) -> list[bytes]:
        """What is stored, in the order of arrival, duplicates too."""
        return [entry.data.rstrip(b"\n") for entry in self.stream.entries]

    @property
    def events(self) -> list[Any]:
        """What is stored, as values."""
        return [json.loads(line) for line in self.lines]

    @property
    def by_id(self) -> dict[str, bytes]:
        """What is stored by event id. Copies of one id must have the same bytes (I3)."""
        stored: dict[str, bytes] = {}
        for entry in self.stream.entries:
            assert stored.setdefault(event_id(entry), entry.data) == entry.data
        return stored

    @property
    def copies(self) -> Counter[str]:
        """How often each event id was stored."""
        return Counter(event_id(entry) for entry in self.stream.entries)

    def answer(self, seen: Seen) -> Fault:
        """The next fault, or the contract's answer."""
        with self._lock:
            self.seen.append(seen)
            self.before_request(seen)
            fault = self.faults.pop(0) if self.faults else None
        self.on_request(seen)
        if fault is not None:
            if fault.stored:
                self._take(seen)
            if fault.meanwhile is not None:
                fault.meanwhile()
            if fault.status or not fault.meanwhile:
                return fault
        if self.max_bytes is not None and len(seen.body) > self.max_bytes:
            return refuse(413, "TooLarge")
        answer = self._take(seen)
        return Fault(answer.status, answer.body, answer.headers)

    def _take(self, seen: Seen) -> gateway.Answer:
        query = dict(parse_qsl(urlsplit(seen.path).query))
        request = gateway.Request("POST", seen.headers, query, seen.body, "request-1")
        return self._ingest(request, time.monotonic() + 10, _Nowhere())

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is gone is none of the test's business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.endpoint.answer(Seen(self.path, headers, body))
        if not answer.status:
            self.close_connection = True
            return
        self.send_response(answer.status)
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = int(headers["Content-Length"]) != len(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass
