"""A request's bytes to events: media type, gzip, array or lines, and every check before the first write.

All or nothing: either every event is good, or Rejected carries every bad one. Slices the sent bytes and never
re-serialises them. Called by ingest; total over any bytes (DESIGN I7).
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chalicelib import cloudevents, jsontext, limits
from chalicelib import event as events
from chalicelib.errors import EventError, Rejected
from chalicelib.event import Event
from chalicelib.jsontext import Loads
from chalicelib.schemas import Schemas

_JSON = frozenset({"", "application/json", "text/plain"})
_NDJSON = "application/x-ndjson"
_CLOUDEVENTS = frozenset({cloudevents.STRUCTURED, cloudevents.BATCH})
_SPACES = re.compile(rb"[ \t\r\n]*+")
_NOT_BLANK_LINE = re.compile(rb"[ \t\r\n]*+([^\n]++)")
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_MEMBERS_MAX = limits.EVENTS_MAX  # a member per event is plenty; each costs a copy of the rest
_GZIP_WINDOW_BITS = 31  # zlib's way to say: gzip header and checksum. Source: zlib manual, inflateInit2


class Batch(NamedTuple):
    """The events of one request, in its order. `single`: the request was one JSON object.

    `own_ids` are the events' own ids, one each, where the request's format gives them.
    """

    events: list[Event]
    single: bool
    own_ids: list[str] | None = None


class Rules(NamedTuple):
    """What a stage asks of an event beyond being one."""

    schemas: Schemas
    ordering_field: str | None = None  # JSON Pointer


def decode(body: bytes, headers: Mapping[str, str], rules: Rules) -> Batch:
    """Return the events; the names of `headers` are in lower case. Raises Rejected (errors.CODES)."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    in_headers = cloudevents.is_binary_mode(media_type, headers)
    if not in_headers:
        _check_media_type(media_type)
    text = _inflated(body, headers.get("content-encoding", ""))
    if in_headers:
        text, media_type = cloudevents.structured(text, headers), cloudevents.STRUCTURED
    text = text.strip(jsontext.SPACE)
    if not text:
        raise Rejected("EmptyBody", "The body is empty: send a JSON object, an array of objects, or NDJSON.")
    single = media_type == cloudevents.STRUCTURED or (
        media_type not in {_NDJSON, cloudevents.BATCH} and not text.startswith(b"[")
    )
    pieces = _pieces(text, media_type, single=single)
    named = media_type in _CLOUDEVENTS
    good, own_ids, bad = _checked(pieces, rules, jsontext.exact_loads(text), named=named)
    if bad:
        raise Rejected("InvalidEvent", _summary(bad, len(good), single=single), tuple(bad))
    if not good:
        raise Rejected("EmptyBody", "The array is empty: there is no event to store.")
    return Batch(good, single, own_ids or None)


def _check_media_type(media_type: str) -> None:
    if media_type in _JSON or media_type == _NDJSON or media_type in _CLOUDEVENTS:
        return
    if cloudevents.is_media_type(media_type):
        wanted = f"CloudEvents are taken as {cloudevents.STRUCTURED}, as {cloudevents.BATCH}, or in headers."
    else:
        wanted = (
            "Send the header 'Content-Type: application/json' (curl: -H 'Content-Type: application/json'), "
            f"or {_NDJSON} for one event per line."
        )
    raise Rejected("UnsupportedMediaType", wanted)


def _pieces(text: bytes, media_type: str, *, single: bool) -> Iterator[bytes | EventError]:
    """Yield each event's text as it was sent; an error stands for what cannot be cut into events."""
    if single:
        return iter((text,))
    if media_type == _NDJSON:
        return _lines(text)
    if not text.startswith(b"["):
        return iter((EventError(0, "MalformedJson", "", "A batch of CloudEvents is a JSON array."),))
    return _elements(text)


def _inflated(body: bytes, content_encoding: str) -> bytes:
    """Return the body without its gzip; what is inflated never grows past the limit.

    API Gateway inflates a gzip body itself and leaves the header, so the magic number decides.
    """
    _limit_size(len(body))
    coding = content_encoding.strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip"}:
        raise Rejected("UnsupportedMediaType", "The Content-Encoding is not one of: gzip, identity.")
    is_gzip = body.startswith(_GZIP_MAGIC)
    if is_gzip and "gzip" not in coding:
        # No text begins like this: 8B cannot follow in UTF-8. Saying "not UTF-8" would not help anybody.
        message = "The body is gzip, but its header is missing: send 'Content-Encoding: gzip'."
        raise Rejected("InvalidEncoding", message)
    if not is_gzip:
        return body
    text = b""
    for _ in range(_GZIP_MEMBERS_MAX):  # a gzip file may have several members (RFC 1952, 2.2)
        inflater = zlib.decompressobj(_GZIP_WINDOW_BITS)
        try:
            text += inflater.decompress(body, limits.BODY_MAX_BYTES + 1 - len(text))
        except zlib.error:
            raise Rejected("InvalidEncoding", "The body is not gzip, or it is damaged.") from None
        _limit_size(len(text), "inflated to at least ")
        if not inflater.eof:
            raise Rejected("InvalidEncoding", "The gzip body ends too early.")
        body = inflater.unused_data
        if not body:
            return text
    raise Rejected("InvalidEncoding", f"The gzip body has more than {_GZIP_MEMBERS_MAX} members.")


def _limit_size(size_bytes: int, how: str = "") -> None:
    if size_bytes > limits.BODY_MAX_BYTES:
        raise Rejected(
            "TooLarge", f"The body has {how}{size_bytes} bytes; the limit is {limits.BODY_MAX_BYTES}."
        )


def _lines(text: bytes) -> Iterator[bytes]:
    """Yield the lines that are not blank; blank ones cost no step of their own."""
    return (match[1] for match in _NOT_BLANK_LINE.finditer(text))


def _elements(text: bytes) -> Iterator[bytes | EventError]:
    """Yield the elements of an array as sent. Where the array itself is broken, yield an error and stop."""
    at, index = _next_token(text, 1), 0
    if text[at : at + 1] == b"]":
        if at + 1 < len(text):
            yield _broken(index, at + 1, "there is more after the array")
        return
    while True:
        end = jsontext.end_of_value(text, at)
        if end is None:
            yield _unclosed(text[at:], index, at)
            return
        yield text[at:end]
        index += 1
        comma = _next_token(text, end)
        if text[comma : comma + 1] == b"]" and comma + 1 == len(text):
            return
        if text[comma : comma + 1] != b",":
            yield _broken(index, comma, "expected ',' between two events, or ']' at the end")
            return
        at = _next_token(text, comma + 1)


def _next_token(text: bytes, at: int) -> int:
    match = _SPACES.match(text, at)
    return match.end() if match else at


def _unclosed(rest: bytes, index: int, at: int) -> EventError:
    if jsontext.is_too_deep(rest):
        return EventError(index, "TooDeep", "", f"Nested deeper than {limits.DEPTH_MAX} levels.")
    return _broken(index, at, "expected an event")


def _broken(index: int, at: int, what: str) -> EventError:
    message = f"The array cannot be read from byte {at} on: {what}."
    return EventError(index, "MalformedJson", "", message)


def _checked(
    pieces: Iterator[bytes | EventError], rules: Rules, loads: Loads, *, named: bool
) -> tuple[list[Event], list[str], list[EventError]]:
    """Return the good events, their own ids if the format names events (`named`), and every error."""
    good: list[Event] = []
    own_ids: list[str] = []
    bad: list[EventError] = []
    for index, piece in enumerate(pieces):
        if index == limits.EVENTS_MAX:
            raise Rejected(
                "TooLarge", f"The request has more than {limits.EVENTS_MAX} events, the limit of one request."
            )
        found = piece if isinstance(piece, EventError) else events.parse(piece, index, loads)
        if isinstance(found, EventError):
            bad.append(found)
            continue
        value, line = found
        if problems := _problems(value, index, rules, named=named):
            bad.extend(problems)
            continue
        ordering_key = events.text_at(value, rules.ordering_field) if rules.ordering_field else None
        good.append(Event(line, events.type_of(value), ordering_key))
        if named:
            own_ids.append(cloudevents.event_id(value))
    return good, own_ids, bad


def _problems(value: dict[str, Any], index: int, rules: Rules, *, named: bool) -> list[EventError]:
    found = list(cloudevents.problems(value, index)) if named else []
    if rules.schemas:
        found += rules.schemas.check(events.type_of(value), value, index)
    return found


def _summary(bad: list[EventError], good_count: int, *, single: bool) -> str:
    if single:
        hint = " For one event per line send Content-Type: application/x-ndjson."
        return f"The event was not stored. {bad[0].message}" + (
            hint if bad[0].code == "MalformedJson" else ""
        )
    bad_count = len({error.index for error in bad})
    return f"{bad_count} of {good_count + bad_count} events are bad; none of the request was stored."
