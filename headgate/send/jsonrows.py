"""JSON to rows: each element of an array, or each of several values one after the other, is an event.

Finds where an element ends and passes its bytes on unchanged; the endpoint reports what is wrong with it.
Holds one element and one block at a time, however long the array. Called by filesource.
"""

import re
from collections.abc import Callable, Iterator

from chalicelib import jsontext
from headgate.send.ndjsonrows import LINE_MAX_BYTES, typed
from headgate.send.rows import BadRow, EventRow, text_or_bytes

BLOCK_BYTES = 256 * 1024
_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"[ \t\r\n]*+")
# An array of values. `[name],[id]`, as some databases write a CSV header, is none.
_ARRAY = re.compile(rb'\s*+\[\s*+(?:[\[{"\-0-9\]]|true|false|null|\Z)')
_OBJECT = re.compile(rb'\s*+\{\s*+["}]')


class BrokenJsonError(Exception):
    """What follows cannot be taken apart; the message says where and why."""


class JsonRows:
    """The rows of one text, in UTF-8. `read_block(n)` gives at most n bytes, none at the end."""

    def __init__(self, read_block: Callable[[int], bytes], event_type: str | None = None) -> None:
        self._read_block = read_block
        self._event_type = event_type
        self._text = b""
        self._at = 0
        self._line = 1
        self._ended = False

    def rows(self) -> Iterator[EventRow | BadRow]:
        """Yield every element in order. Raises BrokenJsonError."""
        while len(self._text) < len(_BOM) and self._fill():
            pass
        if self._text.startswith(_BOM):
            self._go_to(len(_BOM))
        for number, (line, value) in enumerate(self._values(), 1):
            yield self._row(number, line, value)

    def _values(self) -> Iterator[tuple[int, bytes]]:
        while first := self._next_byte():
            if first == b"[":
                yield from self._elements()
            else:
                yield self._line, self._value()

    def _elements(self) -> Iterator[tuple[int, bytes]]:
        opened = self._line
        self._go_to(self._at + 1)
        closes = self._next_byte() == b"]"
        while not closes:
            self._next_byte()
            yield self._line, self._value()
            after = self._next_byte()
            if after not in {b",", b"]"}:
                what = "is never closed" if not after else "has no comma where one has to be"
                raise BrokenJsonError(f"line {self._line}: the array that begins in line {opened} {what}")
            closes = after == b"]"
            if not closes:
                self._go_to(self._at + 1)
        self._go_to(self._at + 1)

    def _row(self, number: int, line: int, value: bytes) -> EventRow | BadRow:
        try:
            event = _on_one_line(value)
        except jsontext.NotJson as error:
            return BadRow(number, line, error.code, str(error), text_or_bytes(value))
        return (
            EventRow(number, line, event)
            if self._event_type is None
            else typed(number, line, event, self._event_type)
        )

    def _value(self) -> bytes:
        """Return the whole value that begins here. Raises BrokenJsonError."""
        while True:
            end = jsontext.end_of_value(self._text, self._at)
            if end is not None and (end < len(self._text) or self._text[end - 1 : end] in b'}]"'):
                break
            known_bytes = len(self._text) - self._at
            if known_bytes > LINE_MAX_BYTES or not self._fill():
                break
            # A pipe gives little at a time; looking at twice as much each time keeps the work linear.
            while len(self._text) - self._at < 2 * known_bytes and self._fill():
                pass
        if end is None:
            raise BrokenJsonError(
                f"line {self._line}: the value that begins there has no end. It is cut short, its brackets "
                "or quotes do not pair up, it is nested too deeply, or it has more than "
                f"{LINE_MAX_BYTES:,} bytes"
            )
        value = self._text[self._at : end]
        self._go_to(end)
        return value

    def _next_byte(self) -> bytes:
        """Return the next byte that is no white space; b"" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._go_to(match.end() if match else self._at)
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at : self._at + 1]

    def _go_to(self, place: int) -> None:
        self._line += self._text.count(b"\n", self._at, place)
        self._at = place

    def _fill(self) -> bool:
        block = b"" if self._ended else self._read_block(BLOCK_BYTES)
        if not block:
            self._ended = True
            return False
        self._text = self._text[self._at :] + block
        self._at = 0
        return True


def looks_like_json(head: bytes) -> bool:
    """Return whether a text begins with an array, or with an object over several lines."""
    if _ARRAY.match(head):
        return True
    begin = len(head) - len(head.lstrip())
    first_line_end = head.find(b"\n", begin)
    if not _OBJECT.match(head) or first_line_end < 0:
        return False
    end = jsontext.end_of_value(head, begin)
    return end is not None and end > first_line_end


def looks_like_an_object(head: bytes) -> bool:
    """Return whether a text begins with a JSON object."""
    return _OBJECT.match(head) is not None


def _on_one_line(value: bytes) -> bytes:
    """Raises NotJson: in a string that is broken over lines, the line break is no space to leave out."""
    if b"\n" in value or b"\r" in value:
        jsontext.loads(value)
    return jsontext.one_line(value)
