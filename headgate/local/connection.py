"""One keep-alive connection of a loopback server: read a request, have it answered, write the answer, again.

Decides how long a connection lasts, which heads and bodies are no request, and who may ask at all. Never
knows what is asked: `front_handler` and `endpoint.handler` answer in `respond`.

Source: RFC 9112 (HTTP/1.1); RFC 9113, 3.4, 6.5 and 6.8 (HTTP/2's preface, SETTINGS, GOAWAY).
"""

import contextlib
import socket
import struct
import time
from collections.abc import Iterable
from email import errors as defects
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import BinaryIO, NamedTuple, cast

from headgate.local.callers import refused_caller
from headgate.local.http_body import BadBody, read_body
from headgate.local.server import LoopbackServer

_LINE_BYTES = 65_536  # http.server's limit for a header line as well
_EMPTY_LINES = (b"\r\n", b"\n")
_HTTP2 = b"PRI * HTTP/2.0\r\n"
_HTTP2_REMEDY = (
    "This server speaks HTTP/1.1 and the client began with HTTP/2; tell it to use HTTP/1.1."
    " AWS SDK for JavaScript v3: new KinesisClient({requestHandler: new NodeHttpHandler()})."
    " AWS SDK for Java 2: httpClientBuilder(NettyNioAsyncHttpClient.builder().protocol(Protocol.HTTP1_1))."
)
# Two frames of HTTP/2: SETTINGS with none, and GOAWAY with HTTP_1_1_REQUIRED and the remedy as its text.
_HTTP2_ANSWER = (
    struct.pack(">IBxxxx", 4, 0)
    + struct.pack(">I", (8 + len(_HTTP2_REMEDY)) << 8 | 7)
    + struct.pack(">BIII", 0, 0, 0, 13)
    + _HTTP2_REMEDY.encode()
)
_STOPPING = "The server is stopping."
_LINGER_S = 2.0
_LINGER_PIECE_BYTES = 65_536
# The parser of header lines reports these for every head of a multipart body, because the body is not there.
_OF_MULTIPART = (
    defects.NoBoundaryInMultipartDefect,
    defects.StartBoundaryNotFoundDefect,
    defects.CloseBoundaryNotFoundDefect,
    defects.MultipartInvariantViolationDefect,
    defects.InvalidMultipartContentTransferEncodingDefect,
)


class Reply(NamedTuple):
    """An answer whose body may be longer than memory; `chunks` has to be closed if it has a `close`."""

    status: int
    headers: list[tuple[str, str]]
    length_bytes: int | None  # None: this status has no body
    chunks: Iterable[bytes]


class Connection(BaseHTTPRequestHandler):
    """`busy` tells the server whether a request is being answered."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # not 0.9, whose answers have no head
    disable_nagle_algorithm = True  # with Nagle each answer on a kept connection waits 40 ms for an ACK
    rbufsize = 65_536
    wbufsize = 65_536  # head and body leave in one packet
    busy = False

    def body_limit_bytes(self) -> int:
        """Return how much body the request may carry; its head has been read."""
        raise NotImplementedError

    def respond(self, body: bytes) -> Reply:
        """Answer the request whose head has been read."""
        raise NotImplementedError

    def refusal(self, status: int, message: str) -> Reply:
        """Return the answer for what is no request: it has no head, or a bad one."""
        raise NotImplementedError

    def bad_body(self, error: BadBody) -> Reply:
        """Return the answer for a body that cannot be read."""
        raise NotImplementedError

    def may_ask(self, origin: str) -> bool:
        """Return whether pages of this origin may send requests, besides the server's own pages."""
        raise NotImplementedError

    @property
    def owner(self) -> LoopbackServer:
        """The server that accepted this connection; socketserver calls it only `server`."""
        return cast("LoopbackServer", self.server)

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
        """Answer until the client or the server has had enough."""
        # A client that goes away while it is read from or written to has nobody left to tell.
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def handle_one_request(self) -> None:
        """Read one request and answer it; sets `close_connection` as http.server expects."""
        self.close_connection = True
        line = self.rfile.readline(_LINE_BYTES + 1)
        if line in _EMPTY_LINES:  # RFC 9112, 2.2: at least one empty line is passed over
            line = self.rfile.readline(_LINE_BYTES + 1)
        self.raw_requestline = line
        if len(line) > _LINE_BYTES:
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
        elif line == _HTTP2:
            self._refuse_http2()
        elif line and self.parse_request():
            self._answer_request()

    def _answer_request(self) -> None:
        if any(not isinstance(defect, _OF_MULTIPART) for defect in self.headers.defects):
            # A head that is read in part only: its rest were a next request.
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        if sentence := refused_caller(self.headers, self.owner.port, self.may_ask):
            self._refuse(self.refusal(HTTPStatus.FORBIDDEN, sentence))
            return
        if self.owner.stopping:
            self._refuse(self.refusal(HTTPStatus.SERVICE_UNAVAILABLE, _STOPPING))
            return
        try:
            body = read_body(self.headers, cast("BinaryIO", self.rfile), self.body_limit_bytes(), self._go_on)
        except BadBody as error:
            # A stop ends what is still being sent: that is no fault of the client, which shall try again.
            stopped = self.owner.stopping
            reply = (
                self.refusal(HTTPStatus.SERVICE_UNAVAILABLE, _STOPPING) if stopped else self.bad_body(error)
            )
            self._refuse(reply)
            return
        self.busy = True
        try:
            reply = self.respond(body)
            self.close_connection = self.close_connection or self.owner.stopping
            self._send(reply)
        finally:
            self.busy = False

    def _refuse_http2(self) -> None:
        """Say in HTTP/2's own words that HTTP/1.1 is wanted, and on the terminal how a client is told so."""
        self.wfile.write(_HTTP2_ANSWER)
        self.wfile.flush()
        self.owner.tell_once(_HTTP2_REMEDY)
        self._linger()

    def handle_expect_100(self) -> bool:
        """Say nothing yet: the body's announced size decides whether the client shall go on."""
        return True

    def _go_on(self) -> None:
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()

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
        if self.close_connection or self.request_version == "HTTP/1.0":
            self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()

    def _send_body(self, reply: Reply) -> None:
        left_bytes = reply.length_bytes or 0
        for chunk in reply.chunks:
            self.wfile.write(chunk[: max(0, left_bytes)])
            left_bytes -= len(chunk)
        # A file that changed its length while it was sent: the client has to see a broken answer.
        self.close_connection = self.close_connection or left_bytes != 0

    def _refuse(self, reply: Reply) -> None:
        """Answer and end the connection: what is left of the request would be read as the next one."""
        self.close_connection = True
        self._send(reply)
        self._linger()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what http.server finds wrong with a head in the shape of every other refusal."""
        del message  # it quotes the request
        self.command, self.request_version = "GET", self.protocol_version
        status = HTTPStatus(code)
        self._refuse(self.refusal(code, explain or status.description or status.phrase))

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

    def _linger(self) -> None:
        """Read what the client still sends, or a reset would destroy the answer before it is read."""
        end_s = time.monotonic() + _LINGER_S
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while (left_s := end_s - time.monotonic()) > 0:
                self.connection.settimeout(left_s)
                if not self.connection.recv(_LINGER_PIECE_BYTES):
                    break
