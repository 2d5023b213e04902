"""The contract's outer shape: what API Gateway hands over as a request, and every answer a client can get.

One error shape everywhere, X-Request-Id on every answer, CORS only for listed origins. Never reflects a
client's text in a header. Used by ingest and by the local gateway, so that both answer alike.
"""

import binascii
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import orjson
from pybase64 import b64decode

from chalicelib import limits
from chalicelib.errors import CODES, EventError, HeadgateError, Rejected, Transient

_METHODS = "POST, OPTIONS"
_EVERY_ORIGIN = "*"  # in the settings, and in the header that lets every page in
_CORS_HEADERS = (
    "Content-Type, Content-Encoding, Idempotency-Key, X-Api-Key, Authorization, "
    "ce-specversion, ce-id, ce-source, ce-type, ce-time, ce-subject, ce-dataschema"
)
_PREFLIGHT_MAX_AGE_S = 600
_NAME = re.compile(r"[A-Za-z0-9_.=+/-]{1,128}")


class Request(NamedTuple):
    """A request as the use cases need it; header names are lower case."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    request_id: str  # for the answer and the log; a client may have chosen it
    unique_id: str = ""  # the gateway's own name for it, which no client can choose; "" if it gave none

    def header(self, name: str) -> str:
        """Return a header's value, "" if it was not sent."""
        return self.headers.get(name, "")


class Answer(NamedTuple):
    """Status, headers and body of a response."""

    status: int
    headers: dict[str, str]
    body: bytes


def request_of(event: Mapping[str, Any], new_id: Callable[[], str]) -> Request:
    """Return the request in an event of Lambda's proxy integration. Total: bad base64 becomes a bad body.

    `new_id` makes the request's id where the gateway gave none, or a client chose one that is no plain name.

    Source: API Gateway developer guide, variables for access logging: clients can override `requestId` by the
    header x-amzn-RequestId, while `extendedRequestId` is a unique id that API Gateway generates.
    """
    queries = event.get("multiValueQueryStringParameters") or {}
    context = event["requestContext"]
    given = str(context.get("requestId") or "")
    return Request(
        method=context["httpMethod"],
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query={name: ",".join(dict.fromkeys(values)) for name, values in queries.items() if values},
        body=_body_of(event),
        request_id=given if _NAME.fullmatch(given) else new_id(),
        unique_id=str(context.get("extendedRequestId") or given),
    )


def _body_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or b""
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    if event.get("isBase64Encoded"):
        try:
            return b64decode(body, validate=True)
        except binascii.Error:
            return bytes(body)
    return bytes(body)


def answered(request_id: str, body: Mapping[str, Any]) -> Answer:
    """Return a 200 with a JSON body."""
    return _answer(200, request_id, orjson.dumps(body))


def refused(request_id: str, error: HeadgateError, details: Mapping[str, Any] | None = None) -> Answer:
    """Return an error: Code, Message, RequestId, the Errors of bad events, and `details`."""
    body: dict[str, Any] = {"Code": error.code, "Message": error.message, "RequestId": request_id}
    headers: dict[str, str] = {}
    if isinstance(error, Rejected) and error.errors:
        body["Errors"] = _fitting(error.errors)
    if isinstance(error, Transient):
        headers["Retry-After"] = str(error.retry_after_s)
    answer = _answer(CODES[error.code][0], request_id, orjson.dumps({**body, **(details or {})}))
    answer.headers.update(headers)
    return answer


def method_not_allowed(request: Request, allowed: str) -> Answer:
    """Return a 405 with the methods that the path has."""
    error = Rejected("MethodNotAllowed", f"This path takes {allowed}.")
    answer = refused(request.request_id, error)
    answer.headers["Allow"] = allowed
    return answer


def preflight(request: Request, origins: Collection[str]) -> Answer:
    """Return the answer to a browser's OPTIONS: 405 where CORS is off or the origin is not listed."""
    answer = with_cors(_answer(204, request.request_id, b""), request, origins)
    if "Access-Control-Allow-Origin" not in answer.headers:
        return method_not_allowed(request, "POST")
    answer.headers["Access-Control-Allow-Methods"] = _METHODS
    answer.headers["Access-Control-Allow-Headers"] = _CORS_HEADERS
    answer.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_MAX_AGE_S)
    return answer


def with_cors(answer: Answer, request: Request, origins: Collection[str]) -> Answer:
    """The answer with CORS headers when the request's origin is one of the stage's. Source: WHATWG Fetch."""
    origin = request.header("origin")
    allowed = next((each for each in (_EVERY_ORIGIN, origin) if origin and each in origins), None)
    if allowed:
        answer.headers["Access-Control-Allow-Origin"] = allowed
        answer.headers["Access-Control-Expose-Headers"] = "X-Request-Id, Retry-After"
        if allowed != _EVERY_ORIGIN:
            answer.headers["Vary"] = "Origin"
    return answer


def _answer(status: int, request_id: str, body: bytes) -> Answer:
    headers = {"Content-Type": "application/json", "X-Request-Id": request_id, "Cache-Control": "no-store"}
    return Answer(status, headers, body)


def _fitting(errors: Sequence[EventError]) -> list[dict[str, Any]]:
    """Return all errors, or one per event where all would be more than Lambda may answer."""
    shown = [_shown(error) for error in errors]
    # The proxy answer holds the body as a JSON string, which quotes its quotes once more.
    if len(orjson.dumps(orjson.dumps(shown).decode())) <= limits.ANSWER_MAX_BYTES:
        return shown
    return [_shown(error) for error in {error.index: error for error in reversed(errors)}.values()][::-1]


def _shown(error: EventError) -> dict[str, Any]:
    return {name.capitalize(): value for name, value in asdict(error).items()}
