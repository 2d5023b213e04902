"""One keep-alive connection: read a request, have it answered, write the answer, again.

Decides when the connection ends, and that a service's bug costs its request (a 500) and never the server.
Never knows what a service does. Made by endpoint.Endpoint's server, one thread each.
"""

import contextlib
import socket
import struct
import sys
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Protocol, cast

from headgate.local.endpoint.dispatch import body_limit_bytes, cbor_refusal, find_call, is_cbor, refusal
from headgate.local.endpoint.http import BadRequest, Head, make_head, read_body
from headgate.local.endpoint.wsgi import Reply, WSGIApplication, environ_of, run
from headgate.local.errors import HangUp
from headgate.local.wire import HttpResponse, Service, answer

_LINE_BYTES = 65_536  # http.server's limit for a header line as well
_LINGER_S = 2.0
_LINGER_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 65_536
_NO_LINGER = struct.pack("ii", 1, 0)  # on, 0 s


class Owner(Protocol):
    """What a connection needs from the endpoint that accepted it."""

    services: Mapping[str, Service]
    fallback: WSGIApplication
    port: int
    stopping: bool
    connections: "set[Handler]"


class Handler(BaseHTTPRequestHandler):
    """`busy` tells the endpoint whether a request is running."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # with Nagle each answer on a kept connection waits 40 ms for an ACK
    rbufsize = 65_536
    wbufsize = 65_536  # head and body leave in one packet
    busy = False
    head: Head | None = None

    @property
    def owner(self) -> Owner:
        """The endpoint's server; socketserver calls it only `server`."""
        return cast("Owner", self.server)

    def setup(self) -> None:
        """Announce the connection, so that a stop can end it while it is idle."""
        super().setup()
        self.owner.connections.add(self)

    def finish(self) -> None:
        """Forget the connection."""
        self.owner.connections.discard(self)
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        """Answer until the client or the endpoint has had enough."""
        # A client that goes away while it is read from or written to has nobody left to tell.
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def handle_one_request(self) -> None:
        """Read one request and answer it; sets `close_connection` as http.server expects."""
        self.busy, self.close_connection, self.head = False, True, None
        self.raw_requestline = self.rfile.readline(_LINE_BYTES + 1)
        self.busy = bool(self.raw_requestline)
        if len(self.raw_requestline) > _LINE_BYTES:
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return
        if not self.busy or not self.parse_request():
            return
        if self.headers.defects:  # a head that is read in part only: its rest were a next request
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        head = self.head = make_head(self.command, self.path, self.headers.items())
        try:
            body = read_body(self.rfile, head, body_limit_bytes(head), self._go_on)
        except BadRequest as error:
            self._refuse(error.status, error.code, error.message)
            return
        self.close_connection = self.close_connection or self.owner.stopping
        self._send(self._answer(head, body))

    def handle_expect_100(self) -> bool:
        """Say nothing yet: the body's announced size decides whether the client shall go on."""
        return True

    def _go_on(self) -> None:
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()

    def _answer(self, head: Head, body: bytes) -> Reply:
        owner = self.owner
        try:
            if is_cbor(owner.services, head):
                return _whole(cbor_refusal(head))
            if call := find_call(owner.services, head):
                return _whole(answer(call.service, call.operation, body))
            return run(owner.fallback, environ_of(head, body, owner.port))
        except HangUp:
            self._reset()
            raise
        except NotImplementedError as error:  # moto's word for an operation that it does not have
            return _whole(refusal(head, 501, "NotImplemented", str(error)))
        except Exception as error:  # noqa: BLE001 - mapped to a 500: a bug must not end the server
            _report(head, error)
            message = "The local endpoint failed; its log says where."
            return _whole(refusal(head, 500, "InternalFailure", message))

    def _send(self, reply: Reply) -> None:
        try:
            self._send_head(reply)
            if self.command != "HEAD":
                self._send_body(reply)
            self.wfile.flush()
        finally:
            if hasattr(reply.chunks, "close"):
                reply.chunks.close()

    def _send_head(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        self.send_header("Date", self.date_time_string())
        for name, value in reply.headers:
            # A value from a service must not be able to end the head.
            self.send_header(name, value.replace("\r", " ").replace("\n", " "))
        if reply.length_bytes is not None:
            self.send_header("Content-Length", str(reply.length_bytes))
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()

    def _send_body(self, reply: Reply) -> None:
        left_bytes = reply.length_bytes or 0
        for chunk in reply.chunks:
            self.wfile.write(chunk[: max(0, left_bytes)])
            left_bytes -= len(chunk)
        # A file that changed its length while it was sent: the client has to see a broken answer.
        self.close_connection = self.close_connection or left_bytes != 0

    def _refuse(self, status: int, code: str, message: str) -> None:
        self.close_connection = True
        self._send(_whole(refusal(self.head, status, code, message)))
        self._linger()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the message quotes the request
        """Answer what http.server found wrong with a head in the shape of every other refusal."""
        self.command, self.request_version = "GET", self.protocol_version
        self._refuse(
            int(code), "BadRequest", explain or HTTPStatus(code).description or HTTPStatus(code).phrase
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Write no access log."""

    def hang_up(self) -> None:
        """Make this connection's thread see the end of its input. Called by another thread."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)

    def abort(self) -> None:
        """End the connection of a request that did not finish in time. Called by another thread."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _reset(self) -> None:
        """Let the client see a reset instead of an answer. Source: socket(7), SO_LINGER with no time."""
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)

    def _linger(self) -> None:
        """Read what the client still sends, or a reset would destroy the answer before it is read."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_S)
            left_bytes = _LINGER_BYTES
            while left_bytes > 0 and (data := self.connection.recv(_CHUNK_BYTES)):
                left_bytes -= len(data)


def _whole(reply: HttpResponse) -> Reply:
    return Reply(reply.status, list(reply.headers.items()), len(reply.body), [reply.body])


def _report(head: Head, error: Exception) -> None:
    """One line, without the error's text: that may hold a caller's payload."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    what = head.headers.get("x-amz-target", f"a {head.method} request")
    print(
        f"headgate: {what} failed: {type(error).__name__} at {frame.filename}:{frame.lineno}",
        file=sys.stderr,
        flush=True,
    )
