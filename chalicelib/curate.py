"""One record of the stream to its ends: curated lines, quarantined lines, dropped lines. Never raises.

Total over any bytes (DESIGN I7), and pure but for the user's hook: the same record gives the same bytes.
"""

import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from chalicelib import envelope, jsontext, limits
from chalicelib import event as events
from chalicelib.errors import EventError, Reject
from chalicelib.packing import event_id

Hook = Callable[[dict[str, Any]], dict[str, Any] | None]

# Source: the KPL's aggregated record format, magic number.
_KPL_MAGIC = b"\xf3\x89\x9a\xc2"
_RAW_LINE = frozenset({"MalformedJson", "NotAnObject"})


class Curated(NamedTuple):
    """A line for curated/, with its line feed."""

    line: bytes


class Quarantined(NamedTuple):
    """A line for quarantine/, with its line feed, and why."""

    line: bytes
    code: str


class Dropped(NamedTuple):
    """Lines that go nowhere, by a rule that counts."""

    reason: str
    lines: int = 1


End = Curated | Quarantined | Dropped


class _Line(NamedTuple):
    """A line of a record and what is known of it."""

    text: bytes
    number: int  # in its record, from 1
    event_id: str
    arrival_s: float
    shard_id: str
    sequence_number: str


def curate(record: Mapping[str, Any], hook: Hook, version: str) -> Iterator[End]:
    """The end of every line of one record of a Lambda event; `version` is noted in quarantine."""
    kinesis = record["kinesis"]
    key = _clean(kinesis["partitionKey"])
    where = float(kinesis["approximateArrivalTimestamp"]), record["eventID"].partition(":")[0]
    sequence_number = str(kinesis["sequenceNumber"])

    def line(text: bytes, number: int) -> _Line:
        return _Line(text, number, event_id(key, number), *where, sequence_number)

    try:
        data = binascii.a2b_base64(kinesis["data"], strict_mode=True)
    except (binascii.Error, ValueError):
        text = str(kinesis["data"]).encode("utf-8", "replace")
        yield _quarantined(line(text, 1), version, "MalformedRecord", "The record's data is not base64.")
        return
    if data.startswith(_KPL_MAGIC):
        message = "A KPL-aggregated record: switch aggregation off, or take it apart and replay."
        yield _quarantined(line(data, 1), version, "AggregatedRecord", message)
        return
    parts = envelope.receipt(*where, sequence_number)
    blank = 0
    for number, text in enumerate(_split(data), start=1):
        if text.strip():
            yield _end(line(text, number), hook, version, parts)
        else:
            blank += 1
    if blank:
        yield Dropped("BlankLine", blank)


def _split(data: bytes) -> Iterator[bytes]:
    """The lines of a record one by one: a list of half a million would not fit."""
    start, size = 0, len(data)
    while start < size:
        end = data.find(b"\n", start)
        end = size if end < 0 else end
        yield data[start:end]
        start = end + 1


def _end(line: _Line, hook: Hook, version: str, parts: tuple[bytes, bytes]) -> End:
    try:
        hooked = _hooked(hook, *_event(line.text))
        if hooked is None:
            return Dropped("DroppedByHook")
        return Curated(_wrapped(line, *hooked, parts))
    except Reject as verdict:
        return _quarantined(line, version, verdict.code, verdict.message, verdict.pointer)


def _event(line: bytes) -> tuple[dict[str, Any], bytes]:
    """The event of a line and its text; a line that is not a JSON object is a message. Raises Reject."""
    value = events.parse(line, 0)
    if not isinstance(value, EventError):
        return value, jsontext.one_line(line)
    if value.code not in _RAW_LINE:
        raise Reject(value.code, value.message, value.pointer)
    try:
        message = {"message": line.decode()}
    except UnicodeDecodeError as error:
        raise Reject("InvalidUtf8", f"Byte {error.start} is not UTF-8.") from None
    return message, orjson.dumps(message)


def _hooked(hook: Hook, value: dict[str, Any], text: bytes) -> tuple[str | None, bytes] | None:
    """Type and text after the hook, None if it dropped the event. Raises Reject.

    The text stays as sent unless the hook changed the value.
    """
    try:
        before = jsontext.dumps(value)
        result = hook(value)
        if result is None:
            return None
        after = jsontext.dumps(result)
    except Reject:
        raise
    except Exception as error:  # a bug in the user's hook must not block the shard (DESIGN I5)
        raise Reject("HookFailed", _where_in_hook(error)) from error
    if not isinstance(result, dict):
        raise Reject("HookFailed", f"The hook returned {type(result).__name__}, not a dict or None.")
    return events.type_of(result), text if after == before else after


def _wrapped(line: _Line, event_type: str | None, text: bytes, parts: tuple[bytes, bytes]) -> bytes:
    wrapped = envelope.wrap(line.event_id, event_type, text, parts)
    if len(wrapped) > limits.FIREHOSE_RECORD_MAX_BYTES:
        limit = limits.FIREHOSE_RECORD_MAX_BYTES
        raise Reject("LineTooLarge", f"The curated line has {len(wrapped)} bytes; the limit is {limit}.")
    return wrapped


def _where_in_hook(error: Exception) -> str:
    """The kind of error and its place, but not its text, which may quote the event (DESIGN I10)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
    return f"The hook raised {type(error).__name__}{place}."


def _quarantined(line: _Line, version: str, code: str, message: str, pointer: str = "") -> Quarantined:
    fields: dict[str, Any] = {
        "event_id": line.event_id,
        "received_at": orjson.Fragment(envelope.received_at(line.arrival_s)),
        "shard_id": line.shard_id,
        "sequence_number": line.sequence_number,
        "line_number": line.number,
        "code": _clean(code),
        "message": _clean(message),
        "pointer": _clean(pointer),
        "version": version,
    }
    try:
        fields["line"] = line.text.decode()
    except UnicodeDecodeError:
        fields["line_base64"] = binascii.b2a_base64(line.text, newline=False).decode()
    return Quarantined(orjson.dumps(fields) + b"\n", _clean(code))


def _clean(text: object) -> str:
    """Text that can be written as UTF-8."""
    return str(text).encode("utf-8", "replace").decode()
