"""Turns one record of the stream into curated, quarantined and dropped lines. Never raises.

Total over any bytes (DESIGN I7), and pure but for the user's hook: the same record gives the same bytes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson
from pybase64 import b64decode, b64encode

from chalicelib import envelope, jsontext, limits, lines
from chalicelib import event as events
from chalicelib.envelope import Origin
from chalicelib.errors import Drop, EventError, Reject
from chalicelib.jsontext import Loads
from chalicelib.packing import record_event_id

Hook = Callable[[dict[str, Any]], dict[str, Any] | None]

_NO_REASON = "DroppedByHook"  # of a hook that returned None
# Reasons are counted and logged, so they are names and never hold an event's own text (DESIGN I10).
_REASON = re.compile(r"[A-Za-z0-9._-]{1,64}")
_RAW_LINE = frozenset({"MalformedJson", "NotAnObject"})


class Quarantined(NamedTuple):
    """A line for quarantine/, with its line feed, and why."""

    line: bytes
    code: str


class Dropped(NamedTuple):
    """Lines that go nowhere, by a rule that counts."""

    reason: str
    lines: int = 1
    note: bytes = (
        b""  # for dropped/, with its line feed; blank lines are no events, and none is written of them
    )


# Bytes are a line for curated/, with its line feed: the end of nearly all lines, so it has no wrapping.
End = bytes | Quarantined | Dropped


def curate(
    record: Mapping[str, Any], hook: Hook, version: str, *, event_as_text: bool = False
) -> Iterator[End]:
    """Yield the end of every line of one record of a Lambda event; blank lines have one together, the last.

    `version` is noted beside what is not curated.
    """
    kinesis = record["kinesis"]
    shard_id, sequence_number = record["eventID"].partition(":")[0], str(kinesis["sequenceNumber"])
    origin = envelope.origin(float(kinesis["approximateArrivalTimestamp"]), shard_id, sequence_number)
    key = _clean(record_event_id(kinesis.get("partitionKey"), shard_id, sequence_number))
    try:
        data = b64decode(kinesis["data"], validate=True)
    except ValueError:
        text = str(kinesis["data"]).encode("utf-8", "replace")
        verdict = Reject("MalformedRecord", "The record's data is not base64.")
        yield _quarantined(key, 1, text, origin, verdict, version)
        return
    found = lines.intact_lines(key, data)
    if found is None:
        verdict = Reject("AggregatedRecord", "The KPL-aggregated record is damaged: its checksum or message.")
        yield _quarantined(key, 1, data, origin, verdict, version)
        return
    loads = jsontext.exact_loads(data)
    blank = 0
    for line_id, number, text in found:
        if not text.strip():
            blank += 1
            continue
        try:
            yield _curated(line_id, text, origin, hook, loads, as_text=event_as_text)
        except Reject as verdict:
            yield _quarantined(line_id, number, text, origin, verdict, version)
        except Drop as drop:
            yield _dropped(line_id, number, origin, drop.reason, version)
    if blank:
        yield Dropped("BlankLine", blank)


def _curated(line_id: str, line: bytes, origin: Origin, hook: Hook, loads: Loads, *, as_text: bool) -> bytes:
    """Return a line in its envelope. Raises Reject, and Drop if the hook drops it."""
    found = events.parse(line, 0, loads)
    value, text = _message(line, found) if isinstance(found, EventError) else found
    before = jsontext.dumps(value)
    try:
        result = hook(value)
        after = jsontext.dumps(result)
    except Drop as drop:
        if _REASON.fullmatch(str(drop.reason)):
            raise
        message = "The reason of a Drop is a name: up to 64 letters, digits, '.', '_' or '-'."
        raise Reject("HookFailed", message) from None
    except Reject:
        raise
    except Exception as error:  # a bug in the user's hook must not block the shard (DESIGN I5)
        raise Reject("HookFailed", _where_in_hook(error)) from error
    if result is None:
        raise Drop(_NO_REASON)
    if not isinstance(result, dict):
        raise Reject("HookFailed", f"The hook returned {type(result).__name__}, not a dict or None.")
    # The text stays as sent unless the hook changed the value.
    event = text if after == before else after
    event = envelope.as_text(event) if as_text else event
    wrapped = envelope.wrap(line_id, events.type_of(result), event, origin)
    if len(wrapped) > limits.FIREHOSE_RECORD_MAX_BYTES:
        limit = limits.FIREHOSE_RECORD_MAX_BYTES
        raise Reject("LineTooLarge", f"The curated line has {len(wrapped)} bytes; the limit is {limit}.")
    return wrapped


def _message(line: bytes, error: EventError) -> tuple[dict[str, Any], bytes]:
    """Return value and text of a message that holds a line which is not a JSON object. Raises Reject."""
    if error.code not in _RAW_LINE:
        raise Reject(error.code, error.message, error.pointer)
    message = {"message": line.decode()}  # UTF-8, or parse would have said so
    return message, orjson.dumps(message)


def _where_in_hook(error: Exception) -> str:
    """Return the kind of an error and its place, never its text, which may quote the event (I10)."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
    return f"The hook raised {type(error).__name__}{place}."


def _quarantined(
    line_id: str, number: int, text: bytes, origin: Origin, verdict: Reject, version: str
) -> Quarantined:
    """Return a line, whole, with the reason; `number` is its place in its record, from 1."""
    received_at, shard_id, sequence_number = origin
    fields: dict[str, Any] = {
        "event_id": line_id,
        "received_at": received_at,
        "shard_id": shard_id,
        "sequence_number": sequence_number,
        "line_number": number,
        "code": _clean(verdict.code),
        "message": _clean(verdict.message),
        "pointer": _clean(verdict.pointer),
        "version": version,
    }
    try:
        fields["line"] = text.decode()
    except UnicodeDecodeError:
        fields["line_base64"] = b64encode(text).decode()
    return Quarantined(orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE), _clean(verdict.code))


def _dropped(line_id: str, number: int, origin: Origin, reason: str, version: str) -> Dropped:
    """Return the note of a line that the hook dropped: which one and why, never what was in it."""
    received_at, shard_id, sequence_number = origin
    fields = {
        "event_id": line_id,
        "received_at": received_at,
        "shard_id": shard_id,
        "sequence_number": sequence_number,
        "line_number": number,
        "reason": reason,
        "version": version,
    }
    return Dropped(reason, 1, orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE))


def _clean(text: object) -> str:
    """Return the text with `?` for every character that UTF-8 cannot hold."""
    text = str(text)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
