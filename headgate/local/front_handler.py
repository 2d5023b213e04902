"""One connection of the local HTTP API: refuses what API Gateway refuses, lets Chalice answer the rest.

Decides what the gateway decides before Lambda: sizes, routes, methods, keys, the shape of refusals. Never
looks into a body. Made by front.Front's server, one thread each.

Adds to Chalice's handler: no 44 ms per keep-alive request (Nagle), chunked bodies, a bound on every size,
`Expect: 100-continue`, API keys, and the contract's shape for what never reaches a route.
"""

import contextlib
import socket
import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol

from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalGateway

from chalicelib import gateway, limits
from chalicelib.errors import HeadgateError, Rejected, Transient
from chalicelib.gateway import Answer
from headgate.local.body import read_body

_IDLE_S = 60.0  # a connection that says nothing for so long is closed; API Gateway's own value is 60 s
_LINGER_S = 2.0
_LINGER_PIECE_BYTES = 64 * 1024
_EMPTY_LINES = (b"\r\n", b"\n")
_REQUEST_LINE_BYTES = 65_537  # http.server's own bound
_NOT_IMPLEMENTED = 501  # http.server's word for a method without a do_ function


class Owner(Protocol):
    """What a connection needs from its server."""

    gateway: LocalGateway
    routes: Mapping[str, Mapping[str, Any]]
    api_key: str | None
    stopping: bool

    def enter(self) -> bool:
        """Count a request in; False when no more are taken."""
        ...

    def leave(self) -> None:
        """Count a request out."""
        ...


class Handler(ChaliceRequestHandler):  # type: ignore[misc]
    """One connection."""

    disable_nagle_algorithm = True
    default_request_version = "HTTP/1.0"  # not 0.9, whose answers have no head
    wbufsize = -1  # one segment for headers and body; flushed after each request
    timeout = _IDLE_S
    server: Owner
    command: str
    close_connection: bool
    raw_requestline: bytes

    def __init__(
        self, request: socket.socket, client_address: Any, server: Owner, app_object: Any, config: Config
    ) -> None:
        # Chalice's own __init__ makes a gateway and then handles the connection, so this comes first.
        self.shared_gateway = server.gateway
        super().__init__(request, client_address, server, app_object, config)

    def parse_request(self) -> bool:
        """Read the head; one of which http.server reads a part is refused: the rest were a next request."""
        # Source: RFC 9112, 2.2: at least one empty line is passed over.
        if self.raw_requestline in _EMPTY_LINES:
            self.raw_requestline = self.rfile.readline(_REQUEST_LINE_BYTES)
        if not super().parse_request():
            return False
        if self.headers.defects:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    def _generic_handle(self) -> None:
        try:
            body = read_body(self.headers, self.rfile, limits.GATEWAY_BODY_MAX_BYTES, self._go_on)
        except Rejected as error:
            self._refuse_unread(error)
            return
        if not self.server.enter():
            self._refuse_unread(Transient("Unavailable", "The local run is stopping."))
            return
        try:
            self._reply(self._answer(body))
        finally:
            self.server.leave()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815 - http.server's

    def handle_expect_100(self) -> bool:
        """Say nothing yet: the body's announced size decides whether the client shall go on."""
        return True

    def _go_on(self) -> None:
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()

    def _answer(self, body: bytes) -> Answer:
        refusal = self._refusal()
        if refusal:
            return refusal
        response = self.shared_gateway.handle_request(
            method=self.command, path=self.path, headers=dict(self.headers.items()), body=body
        )
        headers = {**response["headers"], **response["multiValueHeaders"]}
        text = response["body"] or ""
        return Answer(response["statusCode"], headers, text if isinstance(text, bytes) else text.encode())

    def _refusal(self) -> Answer | None:
        """What API Gateway would answer without calling the function."""
        try:
            event = self.shared_gateway.event_converter.create_lambda_event(self.command, self.path, {}, None)
        except ValueError:
            return _refused(Rejected("NotFound", "There is nothing at this path; events go to POST /v1."))
        methods = self.server.routes[event["requestContext"]["resourcePath"]]
        if self.command not in methods:
            # A path's GET or POST is what it is for; app.py has the other methods only to refuse them.
            allowed = "POST" if "POST" in methods else ", ".join(sorted(methods))
            answer = _refused(Rejected("MethodNotAllowed", f"This path takes {allowed}."))
            answer.headers["Allow"] = allowed
            return answer
        if not methods[self.command].api_key_required or self.server.api_key is None:
            return None
        if self.headers.get("x-api-key") != self.server.api_key:
            return _refused(Rejected("Forbidden", "This stage wants an API key in the header X-Api-Key."))
        return None

    def _reply(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:  # noqa: PLR2004 - No Content has no length
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection or self.server.stopping:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _refuse_unread(self, error: HeadgateError) -> None:
        """Answer and end the connection: what is left of the request would be read as the next one."""
        self.close_connection = True
        self._reply(_refused(error))
        self._linger()

    def _linger(self) -> None:
        """Read what the client still sends, or a reset would destroy the answer before it is read."""
        end_s = time.monotonic() + _LINGER_S
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while (left_s := end_s - time.monotonic()) > 0:
                self.connection.settimeout(left_s)
                if not self.connection.recv(_LINGER_PIECE_BYTES):
                    break

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what http.server itself refuses: an unknown method, a broken head, one over its limits."""
        del message, explain
        if code == _NOT_IMPLEMENTED:
            self._generic_handle()
            return
        self.command = self.command or "GET"  # None when the request line was broken
        self._refuse_unread(
            Rejected("BadRequest", "The request is not well-formed HTTP, or its headers are too large.")
        )

    def version_string(self) -> str:
        """Say who answers, but not with which Python."""
        return "headgate-local"

    def log_message(self, *_: Any) -> None:
        """Say nothing: the function logs, and the terminal is the person's."""


def _refused(error: HeadgateError) -> Answer:
    return gateway.refused(str(uuid.uuid4()), error)
