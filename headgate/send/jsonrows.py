"""JSON to rows: each element of an array, or each of several values one after the other, is an event.

Finds where an element ends and passes its bytes on unchanged; the endpoint reports what is wrong with it.
Holds one element and one block at a time, however long the array. Called by filesource.
"""

import re
from collections.abc import Callable, Iterator

from chalicelib import jsontext, limits
from headgate.send.ndjsonrows import LINE_MAX_BYTES, beginning, typed
from headgate.send.rows import BadRow, EventRow, text_or_bytes

BLOCK_BYTES = 256 * 1024
_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"[ \t\r\n]*+")
# An array of values. `[name],[id]`, as some databases write a CSV header, is none.
_ARRAY = re.compile(rb'\s*+\[\s*+(?:[\[{"\-0-9\]]|true|false|null|\Z)')
_MARK = re.compile(rb'\\.|\\\Z|["\[\]{}]', re.DOTALL)
_CLOSES = {b"[": b"]", b"{": b"}"}
_OBJECT = re.compile(rb'\s*+\{\s*+["}]')


class BrokenJsonError(Exception):
    """What follows cannot be taken apart; the message says where and why."""


class JsonRows:
    """The rows of one text, in UTF-8. `read_block(n)` gives at most n bytes, none at the end."""

    def __init__(
        self, read_block: Callable[[int], bytes], event_type: str | None = None, skipped: int = 0
    ) -> None:
        self._read_block = read_block
        self._event_type = event_type
        self._text = b""
        self._at = 0
        self._line = 1 + skipped
        self._ended = False

    def rows(self) -> Iterator[EventRow | BadRow]:
        """Yield every element in order. Raises BrokenJsonError."""
        while len(self._text) < len(_BOM) and self._fill():
            pass
        if self._text.startswith(_BOM):
            self._go_to(len(_BOM))
        for number, (line, value) in enumerate(self._values(), 1):
            yield (
                self._row(number, line, value) if isinstance(value, bytes) else value._replace(number=number)
            )

    def _values(self) -> Iterator[tuple[int, bytes | BadRow]]:
        while first := self._next_byte():
            if first == b"[":
                yield from self._elements()
            else:
                yield self._line, self._value()

    def _elements(self) -> Iterator[tuple[int, bytes | BadRow]]:
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

    def _value(self) -> bytes | BadRow:
        """Return the value that begins here, or a bad row when it is too long. Raises BrokenJsonError."""
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
        if end is None:  # too long, too deep for this pattern, or broken
            return self._walked()
        value = self._text[self._at : end]
        self._go_to(end)
        return value

    def _walked(self) -> bytes | BadRow:
        """Find the end bracket by bracket; keep only the beginning of a value that is too long.

        Raises BrokenJsonError.
        """
        line, walk = self._line, _Walk()
        walk.broken = self._text[self._at : self._at + 1] not in {b"[", b"{", b'"'}
        kept = b""
        size_bytes = 0
        while True:
            end = None if walk.broken else walk.over(self._text, self._at)
            piece = self._text[self._at : len(self._text) if end is None else end]
            size_bytes += len(piece)
            kept += piece[: max(0, LINE_MAX_BYTES - len(kept))]
            self._go_to(self._at + len(piece))
            if end is not None:
                break
            if walk.broken or not self._fill():
                raise BrokenJsonError(
                    f"line {line}: the value that begins there has no end. It is cut short, "
                    "or its brackets or quotes do not pair up"
                )
        if size_bytes <= LINE_MAX_BYTES:
            return kept
        message = f"The element has {size_bytes:,} bytes; the limit is {limits.EVENT_MAX_BYTES:,}."
        return BadRow(0, line, "RowTooLong", message, beginning(kept))

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


class _Walk:
    """Finds the end of one value over several blocks: brackets are counted outside of strings."""

    def __init__(self) -> None:
        self.broken = False  # a bracket closes what another kind has opened
        self._open = bytearray()
        self._in_string = False
        self._escapes = False  # the last block ended in a backslash

    def over(self, text: bytes, at: int) -> int | None:
        """Return where the value ends in the text, or None: it goes on in the next block."""
        if self._escapes and at < len(text):
            at += 1
            self._escapes = False
        for match in _MARK.finditer(text, at):
            mark = match[0]
            if mark == b"\\":
                self._escapes = True
            elif mark == b'"':
                self._in_string = not self._in_string
            elif self._in_string or len(mark) > 1:
                continue
            elif mark in _CLOSES:
                self._open += _CLOSES[mark]
            elif not self._open or self._open.pop() != mark[0]:
                self.broken = True
                return None
            if not self._open and not self._in_string and not self._escapes:
                return match.end()
        return None


def looks_like_json(head: bytes) -> bool:
    """Return whether a text begins with an array, an object over several lines, or two on one line."""
    if _ARRAY.match(head):
        return True
    begin = len(head) - len(head.lstrip())
    first_line_end = head.find(b"\n", begin)
    if not _OBJECT.match(head):
        return False
    end = jsontext.end_of_value(head, begin)
    if end is None:
        return False
    return 0 <= first_line_end < end or head[end:].lstrip(b" \t").startswith((b"{", b"["))


def looks_like_an_object(head: bytes) -> bool:
    """Return whether a text begins with a JSON object."""
    return _OBJECT.match(head) is not None


def _on_one_line(value: bytes) -> bytes:
    """Raises NotJson: in a string that is broken over lines, the line break is no space to leave out."""
    if b"\n" in value or b"\r" in value:
        jsontext.loads(value)
    return jsontext.one_line(value)
