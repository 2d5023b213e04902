"""One connection of the local HTTP API: refuses what API Gateway refuses, lets Chalice answer the rest.

Decides what the gateway decides before Lambda: sizes, routes, methods, keys, the shape of refusals. Never
looks into a body. Made by front.Front, one thread each.
"""

import uuid
import zlib
from collections.abc import Mapping
from typing import Any, Protocol, cast

from chalice.local import LocalGateway

from chalicelib import gateway, limits
from chalicelib.errors import HeadgateError, Rejected, Transient
from chalicelib.gateway import Answer
from headgate.local.callers import is_loopback
from headgate.local.connection import Connection, Reply
from headgate.local.http_body import BadBody, TooLarge

_IDLE_S = 60.0  # a connection that says nothing for so long is closed; API Gateway's own value is 60 s
_NOTHING_HERE = "There is nothing at this path; events go to POST /v1."
_KEY_WANTED = "This stage wants an API key in the header X-Api-Key."
# Source: API Gateway quotas for REST APIs, "Total combined size of request line and header values".
_HEAD_BYTES = 10_240
_CODINGS = ("gzip", "deflate", "identity")  # Source: "Content codings supported by API Gateway"
_NO_CONTENT = 204
_FORBIDDEN = 403
_STOPPING = 503
_PIECE_BYTES = 1024 * 1024
_MEMBERS_MAX = 16


class Owner(Protocol):
    """What a connection needs from its server."""

    gateway: LocalGateway
    routes: Mapping[str, Mapping[str, Any]]
    api_key: str | None
    origins: frozenset[str]


class Handler(Connection):
    """One connection."""

    timeout = _IDLE_S

    @property
    def _front(self) -> Owner:
        return cast("Owner", self.server)

    def body_limit_bytes(self) -> int:
        """Return API Gateway's own limit."""
        return limits.GATEWAY_BODY_MAX_BYTES

    def refusal(self, status: int, message: str) -> Reply:
        """Refuse what is no request, or comes from a page that may not ask."""
        if status == _FORBIDDEN:
            return _reply(self._refused(Rejected("Forbidden", message)))
        if status == _STOPPING:
            return _reply(self._refused(Transient("Unavailable", message)))
        if status < 500:  # noqa: PLR2004 - a broken head, or one over a limit
            message = "The request is not well-formed HTTP, or its headers are too large."
        return _reply(self._refused(Rejected("BadRequest", message)))

    def bad_body(self, error: BadBody) -> Reply:
        """Name the contract's limit for a body over it: below the gateway's own there is a second 413."""
        if isinstance(error, TooLarge):
            limit = limits.BODY_MAX_BYTES
            message = f"The body has at least {error.size_bytes} bytes; the limit is {limit}."
            return _reply(self._refused(Rejected("TooLarge", message)))
        return _reply(self._refused(Rejected("InvalidEncoding", str(error))))

    def may_ask(self, origin: str) -> bool:
        """Return whether an origin is one of the stage's, or a page of this machine's developer."""
        return origin in self._front.origins or is_loopback(origin)

    def respond(self, body: bytes) -> Reply:
        """Answer as API Gateway in front of the function does."""
        return _reply(self._refusal_of_gateway() or self._refusal_of_coding(body) or self._answer(body))

    def _answer(self, body: bytes) -> Answer:
        response = self._front.gateway.handle_request(
            method=self.command, path=self.path, headers=dict(self.headers.items()), body=body
        )
        headers = {**response["headers"], **response["multiValueHeaders"]}
        text = response["body"] or ""
        return Answer(response["statusCode"], headers, text if isinstance(text, bytes) else text.encode())

    def _refused(self, error: HeadgateError) -> Answer:
        """Return a refusal with the headers that the template gives the gateway's own errors.

        Without them a browser says "blocked by CORS" where on AWS it shows the error. The gateway cannot
        choose from a list: with several origins it repeats the one that asks (infra/template/api.py).
        """
        answer = gateway.refused(str(uuid.uuid4()), error)
        origins = self._front.origins
        asking = self.headers.get("Origin") if hasattr(self, "headers") else None
        allowed = next(iter(origins)) if len(origins) == 1 else asking
        if origins and allowed:
            answer.headers["Access-Control-Allow-Origin"] = allowed
            answer.headers["Access-Control-Expose-Headers"] = "X-Request-Id,Retry-After"
        return answer

    def _refusal_of_coding(self, body: bytes) -> Answer | None:
        """Return the 415 for a body that is not what its Content-Encoding says, or whose coding is unknown.

        Source: API Gateway developer guide, "Call an API method with a compressed payload".
        """
        coding = self.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in _CODINGS:
            message = f"Content-Encoding may be {', '.join(_CODINGS)}."
        elif coding == "gzip" and not _is_gzip(body):
            message = "The body is not gzip, as its Content-Encoding says."
        else:
            return None
        return self._refused(Rejected("UnsupportedMediaType", message))

    def _refusal_of_gateway(self) -> Answer | None:
        """Return what API Gateway would answer without calling the function."""
        front = self._front
        head_bytes = len(self.requestline) + sum(len(value) for value in self.headers.values())
        if head_bytes > _HEAD_BYTES:
            message = f"Request line and header values have {head_bytes} bytes; the limit is {_HEAD_BYTES}."
            return self._refused(Rejected("BadRequest", message))
        try:
            event = front.gateway.event_converter.create_lambda_event(self.command, self.path, {}, None)
        except ValueError:
            return self._refused(
                Rejected("NotFound", "There is nothing at this path; events go to POST /v1.")
            )
        methods = front.routes[event["requestContext"]["resourcePath"]]
        if self.command not in methods:
            # A path's GET or POST is what it is for; app.py has the other methods only to refuse them.
            allowed = "POST" if "POST" in methods else ", ".join(sorted(methods))
            answer = self._refused(Rejected("MethodNotAllowed", f"This path takes {allowed}."))
            answer.headers["Allow"] = allowed
            return answer
        if not methods[self.command].api_key_required or front.api_key is None:
            return None
        if self.headers.get("x-api-key") != front.api_key:
            return self._refused(
                Rejected("Forbidden", "This stage wants an API key in the header X-Api-Key.")
            )
        return None


def _reply(answer: Answer) -> Reply:
    length_bytes = None if answer.status == _NO_CONTENT else len(answer.body)
    headers = [
        (name, text)
        for name, value in answer.headers.items()
        for text in (value if isinstance(value, list) else [str(value)])
    ]
    return Reply(answer.status, headers, length_bytes, [answer.body] if answer.body else [])


def _is_gzip(body: bytes) -> bool:
    """Return False for a body that is not gzip, or ends too early.

    Beyond a few members, or beyond the gateway's own limit of inflated bytes, the function judges it: its
    bounds are the contract's, and nothing here may take long.
    """
    left, inflated_bytes = body, 0
    try:
        for _ in range(_MEMBERS_MAX):
            inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
            while not inflater.eof and inflated_bytes <= limits.GATEWAY_BODY_MAX_BYTES:
                piece = inflater.decompress(left, _PIECE_BYTES)
                left = inflater.unconsumed_tail
                inflated_bytes += len(piece)
                if not (piece or left or inflater.eof):
                    return False
            left = inflater.unused_data
            if not left:
                break
    except zlib.error:
        return False
    return True
