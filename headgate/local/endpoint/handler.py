"""One connection of the AWS endpoint: which service answers a request, and what a bug of a service costs.

Decides that a service's bug costs its request (a 500) and never the server, and that no answer is for a page
of another site. Never knows what a service does. Made by endpoint.Endpoint's server, one thread each.
"""

import contextlib
import socket
import struct
import sys
import traceback
from collections.abc import Mapping
from typing import Any, cast

from headgate.local.connection import Connection, Reply
from headgate.local.endpoint.dispatch import (
    Head,
    body_limit_bytes,
    cbor_refusal,
    find_call,
    is_cbor,
    make_head,
    refusal,
)
from headgate.local.endpoint.wsgi import WSGIApplication, environ_of, run
from headgate.local.errors import HangUp
from headgate.local.http_body import BadBody, TooLarge
from headgate.local.server import LoopbackServer
from headgate.local.wire import HttpResponse, Service, answer

_CODES = {403: "AccessDenied", 503: "ServiceUnavailable"}
_NO_LINGER = struct.pack("ii", 1, 0)  # on, 0 s


class Server(LoopbackServer):
    """`services` by the prefix of `X-Amz-Target`; all else goes to `fallback`."""

    def __init__(self, services: Mapping[str, Service], fallback: WSGIApplication, port: int) -> None:
        self.services = services
        self.fallback = fallback
        super().__init__(port, Handler)


class Handler(Connection):
    """One connection."""

    head: Head | None = None

    def parse_request(self) -> bool:
        """Read the head."""
        self.head = None
        if not super().parse_request():
            return False
        self.head = make_head(self.command, self.path, self.headers.items())
        return True

    def body_limit_bytes(self) -> int:
        """Return the limit of the request's protocol."""
        return body_limit_bytes(self._known_head)

    def refusal(self, status: int, message: str) -> Reply:
        """Refuse in the shape that the caller's SDK reads."""
        return _whole(refusal(self.head, status, _CODES.get(status, "BadRequest"), message))

    def bad_body(self, error: BadBody) -> Reply:
        """Say what is wrong with a body."""
        status, code = (413, "EntityTooLarge") if isinstance(error, TooLarge) else (400, "BadRequest")
        return _whole(refusal(self.head, status, code, str(error)))

    def may_ask(self, origin: str) -> bool:  # noqa: ARG002 - no origin may
        """Return False: whoever may use this port reads, writes and deletes everything of the run."""
        return False

    def respond(self, body: bytes) -> Reply:
        """Have the request answered by its service."""
        head, server = self._known_head, cast("Server", self.server)
        try:
            reply = self._answer(server, head, body)
        except HangUp:
            self._reset()
            raise
        except NotImplementedError as error:  # moto's word for an operation that it does not have
            return _whole(refusal(head, 501, "NotImplemented", str(error)))
        except Exception as error:  # noqa: BLE001 - mapped to a 500: a bug must not end the server
            _report(head, error)
            message = "The local endpoint failed; its log says where."
            return _whole(refusal(head, 500, "InternalFailure", message))
        # moto allows every origin; without its headers a browser hides the answer from pages of other sites.
        own = [each for each in reply.headers if not each[0].lower().startswith("access-control-")]
        return reply._replace(headers=own)

    def _answer(self, server: Server, head: Head, body: bytes) -> Reply:
        if is_cbor(server.services, head):
            return _whole(cbor_refusal(head))
        if call := find_call(server.services, head):
            return _whole(answer(call.service, call.operation, body))
        return run(server.fallback, environ_of(head, body, server.port))

    @property
    def _known_head(self) -> Head:
        if self.head is None:
            raise RuntimeError("there is no request")
        return self.head

    def _reset(self) -> None:
        """Let the client see a reset instead of an answer. Source: socket(7), SO_LINGER with no time."""
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


def _whole(reply: HttpResponse) -> Reply:
    return Reply(reply.status, list(reply.headers.items()), len(reply.body), [reply.body])


def _report(head: Head, error: Exception) -> None:
    """Print one line, without the error's text: that may hold a caller's payload."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    what: Any = head.headers.get("x-amz-target", f"a {head.method} request")
    print(
        f"headgate: {what} failed: {type(error).__name__} at {frame.filename}:{frame.lineno}",
        file=sys.stderr,
        flush=True,
    )
