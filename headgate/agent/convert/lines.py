"""CSVTOJSON, SINGLELINE and ADDBRACKETS: the converters that look at a line only as columns or as bytes.

CSVTOJSON splits as Java's `String.split` does, without quoting rules; `quoted` (RFC 4180) is ours.
"""

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest

from headgate.agent.convert.chain import Converted, Converter, Dropped
from headgate.agent.javaregex import JavaPattern, split_java
from headgate.agent.text import decode, object_line

_META = frozenset(".$|()[{^?*+\\")
MALFORMED = "csv_malformed"

Splitter = Callable[[str], list[str] | None]
"""The cells of a line; None when it is not CSV."""


def csv_to_json(
    names: Sequence[str], delimiter: JavaPattern, *, pretty: bool = False, quoted: bool = False
) -> Converter:
    """A converter for lines whose columns have these names; missing columns are null, surplus ones go."""
    split = _quoted_splitter(delimiter.source) if quoted else _splitter(delimiter)

    def convert(record: bytes) -> Converted:
        cells = split(decode(record.removesuffix(b"\n")))
        if cells is None:
            return Dropped(
                MALFORMED,
                "the line is not CSV: a quote is not closed, or stands inside a cell, or a line breaks",
            )
        columns: list[str | None] = list(cells)
        pairs = zip_longest(names, columns[: len(names)])
        return object_line(((name or "", value) for name, value in pairs), pretty=pretty)

    return convert


def _splitter(delimiter: JavaPattern) -> Splitter:
    literal = delimiter.source
    if len(literal) != 1 or literal in _META:
        return lambda text: split_java(delimiter, text)

    def split_literal(text: str) -> list[str]:
        parts = text.split(literal)
        if len(parts) == 1:
            return parts
        while parts and not parts[-1]:
            parts.pop()
        return parts

    return split_literal


def quoted_delimiter(source: str) -> str | None:
    """Return the one character that a delimiter for quoted lines stands for; None when it is not one."""
    char = "\t" if source == r"\t" else source.removeprefix("\\")
    return char if len(char) == 1 and char not in '"\r\n' else None


def _quoted_splitter(source: str) -> Splitter:
    char = quoted_delimiter(source) or ","
    bare = re.escape(char)
    cell = re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"\r\n{bare}]*))({bare}|\Z)')

    def split_quoted(text: str) -> list[str] | None:
        text = text.removesuffix("\r")
        if '"' not in text:
            return None if "\r" in text or "\n" in text else text.split(char)
        cells: list[str] = []
        position = 0
        # A record of several lines may hold line breaks inside quotes: it is one row all the same.
        while (match := cell.match(text, position)) is not None:
            inside, bare_text, end = match.groups()
            cells.append(bare_text if inside is None else inside.replace('""', '"'))
            if not end:
                return cells
            position = match.end()
        return None

    return split_quoted


# What Java's String.trim() takes away: every character up to U+0020.
_TRIMMED = bytes(range(0x21))
# Two backslashes and the letter n, three characters.
_ESCAPED_LINE_FEED = rb"\\n"


def singleline(*, trim: bool = True, escape_line_feeds: bool = False) -> Converter:
    """A converter that joins the lines of a record with nothing, or with an escaped line feed."""
    glue = _ESCAPED_LINE_FEED if escape_line_feeds else b""

    def convert(record: bytes) -> bytes:
        parts = record.split(b"\n")
        while parts and not parts[-1]:
            parts.pop()
        if trim:
            parts = [part.strip(_TRIMMED) for part in parts]
        return glue.join(parts) + b"\n"

    return convert


def add_brackets(record: bytes) -> bytes:
    """`{` + record + `}`; no line feed is added."""
    return b"{%b}" % record
