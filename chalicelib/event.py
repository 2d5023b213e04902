"""An event: what a client sends, as the one line that will be stored. Checked here, stored as it came."""

from dataclasses import dataclass
from typing import Any

from chalicelib import jsontext, limits
from chalicelib.errors import EventError
from chalicelib.jsontext import Loads


@dataclass(frozen=True, slots=True)
class Event:
    """A valid event."""

    line: bytes  # the JSON text as sent, without outer white space, line breaks between tokens, or an end
    type: str | None  # its top-level "type", when that is text
    ordering_key: str | None  # the text at the stage's ordering field, if the stage names one and it is there


def parse(
    text: bytes, index: int, loads: Loads = jsontext.loads_exact
) -> tuple[dict[str, Any], bytes] | EventError:
    """Return the object that `text` is and its line, or what is wrong with it.

    `index` is its place in the request; `loads` may be what `jsontext.exact_loads` gave for a text around it.
    """
    # Line breaks go only after the check: between the halves of a broken token they would mend it.
    line = text.strip(jsontext.SPACE)
    if len(line) > limits.EVENT_MAX_BYTES:
        message = f"The event has {len(line)} bytes; the limit is {limits.EVENT_MAX_BYTES}."
        return EventError(index, "EventTooLarge", "", message)
    try:
        value = loads(line)
    except jsontext.NotJson as error:
        return EventError(index, error.code, "", str(error))
    if not isinstance(value, dict):
        return EventError(index, "NotAnObject", "", f"An event is a JSON object, not {_kind(value)}.")
    kind = value.get("type")
    if isinstance(kind, str) and len(kind) > limits.TYPE_MAX_CHARS:
        message = f"The type is longer than {limits.TYPE_MAX_CHARS} characters."
        return EventError(index, "TypeTooLong", "/type", message)
    return value, jsontext.one_line(line)


def type_of(value: dict[str, Any]) -> str | None:
    """Return the event's type: its top-level "type" where that is text."""
    kind = value.get("type")
    return kind if isinstance(kind, str) else None


def text_at(value: Any, pointer: str) -> str | None:
    """Return the scalar at a JSON Pointer as text, or None where there is none. Source: RFC 6901."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    if value is None or isinstance(value, str | dict | list):
        return value if isinstance(value, str) else None
    return jsontext.dumps(value).decode()


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return {str: "a string", bool: "a boolean", list: "an array"}.get(type(value), "a number")
