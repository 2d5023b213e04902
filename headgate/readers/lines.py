"""A record of the stream, or a line of an object, to the JSON line that the commands print.

Decides how a line that is no JSON object is shown; the ids of lines are chalicelib.lines' rule.
Never runs the hook: it shows what was sent.
"""

import binascii
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from chalicelib import envelope, jsontext, lines
from chalicelib import event as events
from chalicelib.errors import EventError
from chalicelib.packing import record_event_id
from headgate.readers.errors import DamagedLineError
from headgate.readers.moments import parse_shown
from headgate.records import Record

_EVENT = b',"event":'
_ORIGIN = ("event_id", "shard_id", "sequence_number")
_SHOWN_BYTES = 80  # of a line that cannot be read


class Line(NamedTuple):
    """One line of a record; `number` counts from 1 in the record, blank lines included."""

    event_id: str
    number: int
    text: bytes
    shard_id: str
    sequence_number: str
    arrival_s: float


def lines_of(record: Record, shard_id: str) -> Iterator[Line]:
    """The lines of a record that are not blank; an aggregated record is taken apart first."""
    place = shard_id, record.sequence_number, record.arrival_s
    own = record_event_id(record.partition_key, shard_id, record.sequence_number)
    for line_id, number, text in lines.lines_of(own, record.data):
        if text.strip():
            yield Line(line_id, number, text, *place)


def as_envelope(line: Line) -> bytes:
    """A line of the stream in the form of a curated one, without a line feed."""
    found = events.parse(line.text, 0)
    origin = envelope.origin(line.arrival_s, line.shard_id, line.sequence_number)
    if not isinstance(found, EventError):
        value, text = found
        return envelope.wrap(line.event_id, events.type_of(value), text, origin).removesuffix(b"\n")
    head = envelope.wrap(line.event_id, None, b"", origin)
    return head.removesuffix(b'"event":}\n') + content(line.text) + b"}"


def content(text: bytes) -> bytes:
    """A line as a JSON member: `event` for an object, else `line`, or `line_base64` for what is not UTF-8."""
    found = events.parse(text, 0)
    if not isinstance(found, EventError):
        return b'"event":' + found[1]
    try:
        return b'"line":' + orjson.dumps(text.decode())
    except UnicodeDecodeError:
        return b'"line_base64":' + orjson.dumps(binascii.b2a_base64(text, newline=False).decode())


def fields_of(line: bytes) -> dict[str, Any]:
    """The members of a printed, curated or quarantined line, but for `event`, which is never parsed.

    An event may be any JSON: numbers that no type holds, and one level less deep than a line with it.
    Raises DamagedLineError.
    """
    head, found, _ = line.partition(_EVENT)
    try:
        fields = jsontext.loads(head + b"}" if found else line)
    except jsontext.NotJson as error:
        raise DamagedLineError(_damaged(line, str(error))) from error
    if not isinstance(fields, dict):
        raise DamagedLineError(_damaged(line, "It is no object."))
    return fields


def stored_fields(line: bytes) -> dict[str, Any] | None:
    """Return the members of a line that the transform wrote, or None for a line that somebody else put there.

    The transform's lines in curated/, quarantine/ and dropped/ all name the event and where it came from.
    """
    try:
        fields = fields_of(line)
        parse_shown(fields["received_at"])
    except (ValueError, KeyError, TypeError):
        return None
    return fields if all(isinstance(fields.get(name), str) for name in _ORIGIN) else None


def content_of(line: bytes) -> bytes:
    """The bytes as sent of a printed, curated or quarantined line.

    A quote inside a JSON string is escaped, so the member's name is found by its bytes.
    """
    _, found, event = line.partition(_EVENT)
    if found:
        return event.removesuffix(b"}")
    fields = fields_of(line)
    encoded = fields.get("line_base64")
    if not isinstance(encoded, str):
        return str(fields.get("line", "")).encode()
    try:
        return binascii.a2b_base64(encoded)
    except ValueError as error:
        raise DamagedLineError(_damaged(line, str(error))) from error


def _damaged(line: bytes, why: str) -> str:
    return f"a line is not the transform's: {line[:_SHOWN_BYTES]!r}: {why}"
