"""Reads the body of an HTTP/1.1 request, by length or in chunks, never more than a limit.

Called by front_handler.

Source: RFC 9112, sections 6 and 7; RFC 9110, section 10.1.1 (Expect).
"""

import re
from collections.abc import Callable, Iterator
from email.message import Message
from typing import BinaryIO

from chalicelib import limits
from chalicelib.errors import Rejected

_PIECE_BYTES = 64 * 1024
_CHUNK_LINE_MAX_BYTES = 4096
_TRAILERS_MAX = 100
# A refused body is read on and thrown away up to here, or its sender would see a reset instead of the 413.
_DISCARD_MAX_BYTES = 64 * 1024 * 1024
_HEX = re.compile(rb"[0-9A-Fa-f]{1,15}")
_LENGTH = re.compile(r"[0-9]{1,15}")


def read_body(headers: Message, stream: BinaryIO, limit_bytes: int, go_on: Callable[[], None]) -> bytes:
    """The whole body; `go_on` sends `100 Continue` and is called for a client that waits for it.

    Raises Rejected: TooLarge over the limit, InvalidEncoding without a known end.
    """
    codings = headers.get_all("Transfer-Encoding", [])
    lengths = headers.get_all("Content-Length", [])
    if codings and (lengths or [coding.strip().lower() for coding in codings] != ["chunked"]):
        raise Rejected("InvalidEncoding", "Send either Content-Length or Transfer-Encoding: chunked.")
    length_bytes = _length(lengths)
    if not codings and not length_bytes:
        return b""
    if headers.get("Expect", "").strip().lower() == "100-continue":
        if length_bytes > limit_bytes:
            raise _too_large(length_bytes)
        go_on()
    return _within(_by_chunks(stream) if codings else _exactly(stream, length_bytes), limit_bytes)


def _length(lengths: list[str]) -> int:
    """The announced length. Source: RFC 9112, 6.3: the same value may be repeated."""
    texts = {text.strip() for text in lengths} or {"0"}
    text = texts.pop()
    if texts or not _LENGTH.fullmatch(text):
        raise Rejected("InvalidEncoding", "Content-Length is not one whole number.")
    return int(text)


def _within(pieces: Iterator[bytes], limit_bytes: int) -> bytes:
    body = bytearray()
    size_bytes = 0
    for piece in pieces:
        size_bytes += len(piece)
        if size_bytes <= limit_bytes:
            body += piece
        elif size_bytes > limit_bytes + _DISCARD_MAX_BYTES:
            break
        else:
            body.clear()
    if size_bytes > limit_bytes:
        raise _too_large(size_bytes)
    return bytes(body)


def _too_large(size_bytes: int) -> Rejected:
    """Name the contract's limit: below the gateway's own and above it there is a second 413."""
    limit = limits.BODY_MAX_BYTES
    return Rejected("TooLarge", f"The body has at least {size_bytes} bytes; the limit is {limit}.")


def _by_chunks(stream: BinaryIO) -> Iterator[bytes]:
    while size_bytes := _chunk_size(stream):
        yield from _exactly(stream, size_bytes)
        if stream.readline(_CHUNK_LINE_MAX_BYTES).strip():
            raise _damaged()
    for _ in range(_TRAILERS_MAX):
        if not stream.readline(_CHUNK_LINE_MAX_BYTES).strip():
            return
    raise _damaged()


def _chunk_size(stream: BinaryIO) -> int:
    line = stream.readline(_CHUNK_LINE_MAX_BYTES)
    size = line.partition(b";")[0].strip()
    if not line.endswith(b"\n") or not _HEX.fullmatch(size):
        raise _damaged()
    return int(size, 16)


def _damaged() -> Rejected:
    return Rejected("InvalidEncoding", "The chunked body is damaged.")


def _exactly(stream: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    while size_bytes:
        piece = stream.read(min(size_bytes, _PIECE_BYTES))
        if not piece:
            raise Rejected("InvalidEncoding", "The body ended before its announced length.")
        size_bytes -= len(piece)
        yield piece
