"""What the endpoint knows of one request: its head, and its body read within a limit.

Decides when a body is malformed or too large. Never opens a socket, parses no header lines (`http.server`
does) and knows no service. Called by endpoint.handler.

Source: RFC 9112 sections 6 and 7.1 (body length, chunked), RFC 9110 section 10.1.1 (Expect).
"""

from collections.abc import Callable, Iterable
from io import BufferedIOBase
from typing import NamedTuple

_LINE_BYTES = 4096  # a chunk's size line or a trailer; AWS's chunk extensions hold one signature of 64 digits
_LINE_ENDS = (b"\r\n", b"\n", b"")
_TRAILERS_MAX = 100  # as many as http.server takes headers
_LENGTH_DIGITS = 20


class BadRequest(Exception):
    """No service can answer this request: answer `status` and end the connection."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Head(NamedTuple):
    """`headers` by lower-case name, repeated ones joined by commas; `pairs` as they were sent."""

    method: str
    target: str
    headers: dict[str, str]
    pairs: list[tuple[str, str]]


def make_head(method: str, target: str, pairs: Iterable[tuple[str, str]]) -> Head:
    """Collect a request's head."""
    sent = list(pairs)
    headers: dict[str, str] = {}
    for name, value in sent:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return Head(method, target, headers, sent)


def read_body(stream: BufferedIOBase, head: Head, limit_bytes: int, go_on: Callable[[], None]) -> bytes:
    """Read the whole body; `go_on` sends `100 Continue` and is called for a client that waits for it.

    Raises BadRequest: 413 for more than `limit_bytes`, before reading what was announced as more; 400 for a
    body that its headers or its chunks describe wrongly, or that ends early.
    """
    coding = head.headers.get("transfer-encoding", "").lower()
    announced = head.headers.get("content-length")
    if coding and (coding != "chunked" or announced):
        raise BadRequest(400, "BadRequest", "Transfer-Encoding is unknown or comes with Content-Length.")
    length_bytes = _length(announced)
    if length_bytes > limit_bytes:
        raise _too_large(limit_bytes)
    if not coding and not length_bytes:
        return b""
    if head.headers.get("expect", "").lower() == "100-continue":
        go_on()
    return _read_chunks(stream, limit_bytes) if coding else _exactly(stream, length_bytes)


def _length(announced: str | None) -> int:
    if announced is None:
        return 0
    if not (announced.isascii() and announced.isdigit()):
        raise BadRequest(400, "BadRequest", "Content-Length is not a number.")
    # More digits than any limit has: int() itself refuses some thousands of them.
    return int(announced.lstrip("0")[:_LENGTH_DIGITS] or "0")


def _too_large(limit_bytes: int) -> BadRequest:
    return BadRequest(413, "EntityTooLarge", f"The request's body exceeds {limit_bytes} bytes.")


def _exactly(stream: BufferedIOBase, length_bytes: int) -> bytes:
    body = stream.read(length_bytes)
    if len(body) != length_bytes:
        raise BadRequest(400, "IncompleteBody", "The connection ended before the announced body.")
    return body


def _read_chunks(stream: BufferedIOBase, limit_bytes: int) -> bytes:
    body = bytearray()
    while size_bytes := _chunk_size(stream.readline(_LINE_BYTES)):
        if len(body) + size_bytes > limit_bytes:
            raise _too_large(limit_bytes)
        body += _exactly(stream, size_bytes)
        if stream.readline(_LINE_BYTES) not in _LINE_ENDS:
            raise BadRequest(400, "BadRequest", "A chunk of the body is longer than its size.")
    for _ in range(_TRAILERS_MAX):  # a trailer says nothing that a service needs
        if stream.readline(_LINE_BYTES) in _LINE_ENDS:
            return bytes(body)
    raise BadRequest(400, "BadRequest", "The body has too many trailers.")


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    # int() alone would take a sign, and underscores.
    if not digits or digits.strip(b"0123456789abcdefABCDEF"):
        raise BadRequest(400, "BadRequest", "A chunk of the body has no size.")
    return int(digits, 16)
