"""CSVTOJSON: a line of columns becomes a JSON object of strings.

Splits as Java's `String.split` does, without quoting rules; `quoted` is our own addition (RFC 4180).
"""

import csv
from collections.abc import Callable, Sequence
from itertools import zip_longest

from headgate.agent.convert.outcome import Converter
from headgate.agent.javaregex import JavaPattern, split_java
from headgate.agent.jsontext import object_line
from headgate.agent.text import decode

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
