"""The body of one HTTP/1.1 request, by length or in chunks, and never more than a limit.

Decides when a body is malformed or too large. Never opens a socket, parses no header lines (`http.server`
does) and knows no service. Called by connection.py for both servers of the local run.

Source: RFC 9112 sections 6 and 7.1 (body length, chunked), RFC 9110 section 10.1.1 (Expect).
"""

import re
from collections.abc import Callable, Iterator
from email.message import Message
from typing import BinaryIO

_LINE_BYTES = 4096  # a chunk's size line or a trailer; AWS's chunk extensions hold one signature of 64 digits
_LINE_ENDS = (b"\r\n", b"\n", b"")
_TRAILERS_MAX = 100  # as many as http.server takes headers
_LENGTH_DIGITS = 20  # int() itself refuses some thousands of digits
_PIECE_BYTES = 1024 * 1024
_HEX = re.compile(rb"[0-9A-Fa-f]{1,15}")


class BadBody(Exception):
    """A body that cannot be read. The connection has to end: what is left would be read as a next request."""


class TooLarge(BadBody):
    """A body over the limit; `size_bytes` is what is known of its size, which may be only a part."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(f"The request's body exceeds {limit_bytes} bytes.")
        self.size_bytes = size_bytes


def read_body(headers: Message, stream: BinaryIO, limit_bytes: int, go_on: Callable[[], None]) -> bytes:
    """Return the whole body; `go_on` sends `100 Continue` and is called for a client that waits for it.

    Raises TooLarge, before anything is read where the size was announced, and BadBody for a body that its
    headers or its chunks describe wrongly, or that ends early.
    """
    codings = headers.get_all("Transfer-Encoding", [])
    lengths = headers.get_all("Content-Length", [])
    if codings and (lengths or [coding.strip().lower() for coding in codings] != ["chunked"]):
        raise BadBody("Send either Content-Length or Transfer-Encoding: chunked.")
    length_bytes = _length(lengths)
    if length_bytes > limit_bytes:
        raise TooLarge(length_bytes, limit_bytes)
    if not codings and not length_bytes:
        return b""
    if headers.get("Expect", "").strip().lower() == "100-continue":
        go_on()
    return _joined(_chunks(stream), limit_bytes) if codings else _exactly(stream, length_bytes)


def _length(lengths: list[str]) -> int:
    """Return the announced length. The same value may be repeated (RFC 9112, 6.3)."""
    texts = {text.strip() for text in lengths} or {"0"}
    text = texts.pop()
    if texts or not (text.isascii() and text.isdigit()):
        raise BadBody("Content-Length is not one whole number.")
    return int(text.lstrip("0")[:_LENGTH_DIGITS] or "0")


def _joined(sizes: Iterator[tuple[BinaryIO, int]], limit_bytes: int) -> bytes:
    body = bytearray()
    for stream, size_bytes in sizes:
        if len(body) + size_bytes > limit_bytes:
            raise TooLarge(len(body) + size_bytes, limit_bytes)
        body += _exactly(stream, size_bytes)
        if stream.readline(_LINE_BYTES) not in _LINE_ENDS:
            raise BadBody("A chunk of the body is longer than its size.")
    return bytes(body)


def _chunks(stream: BinaryIO) -> Iterator[tuple[BinaryIO, int]]:
    """Yield the size of each chunk, with the stream at its first byte; then pass over the trailers."""
    while size_bytes := _chunk_size(stream.readline(_LINE_BYTES)):
        yield stream, size_bytes
    for _ in range(_TRAILERS_MAX):  # a trailer says nothing that a service needs
        if stream.readline(_LINE_BYTES) in _LINE_ENDS:
            return
    raise BadBody("The body has too many trailers.")


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    # int() alone would take a sign, and underscores.
    if not line.endswith(b"\n") or not _HEX.fullmatch(digits):
        raise BadBody("A chunk of the body has no size.")
    return int(digits, 16)


def _exactly(stream: BinaryIO, length_bytes: int) -> bytes:
    """Read in pieces, so that a length that was only announced takes no memory."""
    first = stream.read(min(_PIECE_BYTES, length_bytes))
    if len(first) == length_bytes:
        return first
    body = bytearray(first)
    while len(body) < length_bytes:
        piece = stream.read(min(_PIECE_BYTES, length_bytes - len(body)))
        if not piece:
            raise BadBody("The connection ended before the announced body.")
        body += piece
    return bytes(body)
