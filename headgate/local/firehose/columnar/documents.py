"""JSON objects taken apart into the text of their members; nothing is built and nothing written anew.

Decides what is a record that can be converted: one or more JSON objects, one after the other. A column keeps
the bytes of its value, so that numbers and nested objects reach the file as they were sent (D03). Pure.
Called by rows.py and values.py.

Source: Firehose developer guide, "Convert input data format": `{"a":1}{"a":2}` is right, an array is not.
"""

import re
from collections.abc import Iterator
from typing import NoReturn

from chalicelib.jsontext import NotJson, end_of_value, loads

_SPACE = rb"[ \t\r\n]*+"
_WHITE = re.compile(_SPACE)
_KEY = re.compile(rb'%s("[^"\\]*+(?:\\.[^"\\]*+)*+")%s:%s' % (_SPACE, _SPACE, _SPACE), re.DOTALL)
_AFTER = re.compile(rb"%s([],}])" % _SPACE)
_EMPTY_OBJECT = re.compile(rb"\{%s\}" % _SPACE)
_EMPTY_ARRAY = re.compile(rb"\[%s\]" % _SPACE)

Members = dict[str, bytes]


class NotAnObjectError(ValueError):
    """The record is not made of JSON objects; the message says what stands there."""


def documents(record: bytes) -> Iterator[Members]:
    """Yield the members of each object of a record. Raises NotJson, NotAnObjectError."""
    at = _skip(record, 0)
    if at == len(record):
        raise NotAnObjectError("The record is empty or only white space.")
    while at < len(record):
        if record[at : at + 1] != b"{":
            # What is not JSON at all is told apart from JSON of the wrong kind.
            loads(record[at:])
            raise NotAnObjectError("A JSON object is required at the top level.")
        found, at = _members(record, at)
        yield found
        at = _skip(record, at)


def members(text: bytes) -> Members:
    """Return the members of one object's text: key to the value's own text, the last of a repeated key."""
    return _members(text, 0)[0]


def elements(text: bytes) -> list[bytes]:
    """Return the text of each element of one array's text."""
    if _EMPTY_ARRAY.match(text):
        return []
    found, at = [], 1
    while True:
        at = _skip(text, at)
        value, end = _value(text, at)
        found.append(value)
        closing, at = _after(text, end)
        if closing == b"]":
            return found


def _members(text: bytes, start: int) -> tuple[Members, int]:
    if empty := _EMPTY_OBJECT.match(text, start):
        return {}, empty.end()
    found: Members = {}
    at = start + 1
    while True:
        key = _KEY.match(text, at)
        if key is None:
            _malformed(at, "a key is expected")
        value, end = _value(text, key.end())
        found[loads(key[1])] = value
        closing, at = _after(text, end)
        if closing == b"}":
            return found, at


def _value(text: bytes, start: int) -> tuple[bytes, int]:
    end = end_of_value(text, start)
    if end is None:
        _malformed(start, "a value is expected, it does not end, or it is nested too deep")
    value = text[start:end]
    # Brackets and quotes fit; now everything between them has to be JSON too.
    loads(value)
    return value, end


def _after(text: bytes, end: int) -> tuple[bytes, int]:
    after = _AFTER.match(text, end)
    if after is None:
        _malformed(end, "a comma or the end is expected")
    return after[1], after.end()


def _skip(text: bytes, at: int) -> int:
    white = _WHITE.match(text, at)
    return white.end() if white else at


def _malformed(at: int, reason: str) -> NoReturn:
    raise NotJson("MalformedJson", f"Not JSON at byte {at}: {reason}.")
