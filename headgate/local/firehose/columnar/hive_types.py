"""The type of a Glue column, parsed from its text.

Decides which of Hive's types are converted here; the others are refused when the delivery stream is made,
not when its data is there. Pure. Called by rows.py.

Source: Athena user guide, "Data types in Athena"; Hive language manual, types.
"""

import re
from dataclasses import dataclass

from headgate.local.firehose.compress import UnsupportedFormatError

# Bits of the whole numbers.
WHOLE_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "integer": 32, "bigint": 64}
SCALARS = ("string", *WHOLE_BITS, "double", "float", "boolean", "timestamp", "date")

_TOKEN = re.compile(r"\s*([<>,:]|[^<>,:\s]+)")


@dataclass(frozen=True)
class Scalar:
    """One of SCALARS."""

    name: str


@dataclass(frozen=True)
class Array:
    """`array<element>`."""

    element: "HiveType"


@dataclass(frozen=True)
class Struct:
    """`struct<name:type,…>`."""

    fields: tuple[tuple[str, "HiveType"], ...]


@dataclass(frozen=True)
class Map:
    """`map<string,value>`; JSON has no other keys."""

    value: "HiveType"


HiveType = Scalar | Array | Struct | Map


def parse_type(column: str, text: str) -> HiveType:
    """Return the type of a column. Raises UnsupportedFormatError."""
    tokens = [token for token in _TOKEN.findall(text.lower()) if token]
    try:
        parsed = _parse(tokens)
    except (IndexError, ValueError):
        parsed = None
    if parsed is None or tokens:
        raise UnsupportedFormatError(
            f"The column {column} has the type {text}, which the local Firehose does not convert:"
            f" choose one of {', '.join(SCALARS)}, array<…>, struct<…:…>, map<string,…>."
        )
    return parsed


def _parse(tokens: list[str]) -> HiveType:
    """Take one type from the front. Raises ValueError or IndexError for what is none."""
    name = tokens.pop(0)
    match name:
        case "array":
            _take(tokens, "<")
            inner: HiveType = Array(_parse(tokens))
        case "map":
            _take(tokens, "<", "string", ",")
            inner = Map(_parse(tokens))
        case "struct":
            _take(tokens, "<")
            fields = [_field(tokens)]
            while tokens[0] == ",":
                _take(tokens, ",")
                fields.append(_field(tokens))
            inner = Struct(tuple(fields))
        case _:
            if name not in SCALARS:
                raise ValueError(name)
            return Scalar(name)
    _take(tokens, ">")
    return inner


def _field(tokens: list[str]) -> tuple[str, HiveType]:
    name = tokens.pop(0)
    _take(tokens, ":")
    return name, _parse(tokens)


def _take(tokens: list[str], *wanted: str) -> None:
    for each in wanted:
        if tokens.pop(0) != each:
            raise ValueError(each)
