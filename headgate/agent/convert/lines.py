"""CSVTOJSON, SINGLELINE and ADDBRACKETS: the converters that look at a line only as columns or as bytes.

CSVTOJSON splits as Java's `String.split` does, without quoting rules; `quoted` (RFC 4180) is ours.
"""

import csv
from collections.abc import Callable, Sequence
from itertools import zip_longest

from headgate.agent.convert.chain import Converter
from headgate.agent.javaregex import JavaPattern, split_java
from headgate.agent.text import decode, object_line

_META = frozenset(".$|()[{^?*+\\")


def csv_to_json(
    names: Sequence[str], delimiter: JavaPattern, *, pretty: bool = False, quoted: bool = False
) -> Converter:
    """A converter for lines whose columns have these names; missing columns are null, surplus ones go."""
    split = _quoted_splitter(delimiter.source) if quoted else _splitter(delimiter)

    def convert(record: bytes) -> bytes:
        columns: list[str | None] = list(split(decode(record.removesuffix(b"\n"))))
        pairs = zip_longest(names, columns[: len(names)])
        return object_line(((name or "", value) for name, value in pairs), pretty=pretty)

    return convert


def _splitter(delimiter: JavaPattern) -> Callable[[str], list[str]]:
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


def _quoted_splitter(delimiter: str) -> Callable[[str], list[str]]:
    char = delimiter.removeprefix("\\") if len(delimiter) > 1 and delimiter != r"\t" else delimiter
    char = "\t" if char == r"\t" else char

    def split_quoted(text: str) -> list[str]:
        # A multi-line record may hold line breaks inside quotes: it is one row all the same.
        rows = list(csv.reader([text.removesuffix("\r")], delimiter=char, strict=False))
        return rows[0] if rows else [""]

    return split_quoted


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
