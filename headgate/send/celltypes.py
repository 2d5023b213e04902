"""`--types`: how the text of a cell becomes a JSON value. Only what is declared; nothing is guessed (S05).

Pure. A number keeps every digit: it is rewritten to JSON's grammar as text and never passes through a float.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from json.encoder import encode_basestring

from headgate.send.errors import UsageError

# Text of a cell in, JSON text out. Raises ValueError when the cell is something else.
Encoder = Callable[[str], str]

KINDS: dict[str, str] = {
    "string": "the text as it is (what every column is without --types)",
    "int": "a whole number: digits with an optional sign",
    "number": "a number with a decimal point, and an optional exponent",
    "decimal-comma": "a number with a decimal comma: 3,14",
    "bool": "true or false, in any case",
    "json": "the cell is JSON text itself",
    "time:FORMAT": "a time in Python's strptime FORMAT, sent as ISO 8601; no time zone is invented",
}
_INT = re.compile(r"([+-]?)([0-9]+)", re.ASCII)
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eE][+-]?[0-9]+)?", re.ASCII)
_TIME = re.compile(r"[^,=]*=time\??:")  # its format may hold commas


def string(cell: str) -> str:
    """Return any text as a JSON string; only what JSON demands is escaped."""
    return encode_basestring(cell)


def integer(cell: str) -> str:
    """`+007` gives `7`, of any length."""
    match = _INT.fullmatch(cell)
    if match is None:
        raise ValueError("not a whole number")
    return ("-" if match[1] == "-" else "") + (match[2].lstrip("0") or "0")


def number(cell: str) -> str:
    """`+.50` gives `0.50`: the digits stay, the form becomes JSON's. Source: RFC 8259, section 6."""
    match = _NUMBER.fullmatch(cell)
    if match is None or not (match[2] or match[3]):
        raise ValueError("not a number")
    whole, fraction = match[2].lstrip("0") or "0", match[3]
    return ("-" if match[1] == "-" else "") + whole + (f".{fraction}" if fraction else "") + (match[4] or "")


def decimal_comma(cell: str) -> str:
    """`1234,5` gives `1234.5`; a point, also between thousands, is refused."""
    if "." in cell:
        raise ValueError("not a number with a decimal comma")
    try:
        return number(cell.replace(",", ".", 1))
    except ValueError:
        raise ValueError("not a number with a decimal comma") from None


def boolean(cell: str) -> str:
    """`TRUE` gives `true`; 1, yes and Y are refused."""
    lower = cell.lower()
    if lower not in {"true", "false"}:
        raise ValueError("neither true nor false")
    return lower


def json_text(cell: str) -> str:
    """Return the JSON in the cell; line breaks between its tokens become spaces."""
    try:
        json.loads(cell, parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    return cell.replace("\n", " ").replace("\r", " ")  # inside a JSON string they would not have parsed


_ZONE_NAME = re.compile(r"((?<!%)(?:%%)*)%Z")
_UTC = re.compile(r"\b(?:UTC|GMT)\b(?!\s*[+-]\d)")


def time_of(form: str) -> Encoder:
    """Return an encoder for one strptime format. Raises UsageError when the format itself is wrong.

    %Z takes UTC and GMT only: any other name is no offset, and strptime would leave it out in silence.
    """
    python_form = _ZONE_NAME.sub(r"\1%z", form)
    named = python_form != form
    try:
        datetime.strptime("", python_form)
    except re.error:
        raise UsageError([f"--types: the time format {form!r} names one thing twice"]) from None
    except ValueError as error:
        if "does not match" not in str(error):
            raise UsageError([f"--types: the time format {form!r} is wrong: {error}"]) from None

    def encode(cell: str) -> str:
        try:
            text = _UTC.sub("+0000", cell) if named else cell
            return encode_basestring(datetime.strptime(text, python_form).isoformat())
        except (ValueError, OverflowError):
            why = ", whose zone is UTC, GMT or an offset" if named else ""
            raise ValueError(f"not a time of the form {form}{why}") from None

    return encode


_ENCODERS: dict[str, Encoder] = {
    "string": string,
    "int": integer,
    "number": number,
    "decimal-comma": decimal_comma,
    "bool": boolean,
    "json": json_text,
}


def encoder(kind: str) -> Encoder:
    """Return the encoder of a kind; a `?` after its name makes an empty cell null. Raises UsageError."""
    name, colon, form = kind.partition(":")
    base = name.removesuffix("?")
    if base == "time" and colon:
        chosen = time_of(form)
    elif base in _ENCODERS and not colon:
        chosen = _ENCODERS[base]
    else:
        raise UsageError([f"--types: there is no type {kind!r}; there are {', '.join(KINDS)}"])
    return chosen if base == name else lambda cell: chosen(cell) if cell else "null"


def parse(declarations: list[str]) -> dict[str, str]:
    """Return column → kind, from `a=int,b=number`, from `at=time:%Y, %m` alone, or from a JSON object.

    Raises UsageError.
    """
    kinds: dict[str, str] = {}
    for text in declarations:
        for column, kind in _pairs(text):
            encoder(kind)
            if kinds.setdefault(column, kind) != kind:
                raise UsageError([f"--types: the column {column!r} is declared twice"])
    return kinds


def encoders(kinds: Mapping[str, str], columns: tuple[str, ...]) -> list[Encoder]:
    """Return one encoder for each column, in order. Raises UsageError for an unknown column."""
    if unknown := [name for name in kinds if name not in columns]:
        have = ", ".join(columns)
        raise UsageError([f"--types: there is no column {unknown[0]!r}; the columns are: {have}"])
    return [encoder(kinds.get(name, "string")) for name in columns]


def _pairs(text: str) -> list[tuple[str, str]]:
    if text.lstrip().startswith("{"):
        try:
            declared = json.loads(text)
        except ValueError as error:
            raise UsageError([f"--types: not a JSON object: {error}"]) from None
        if not all(isinstance(kind, str) for kind in declared.values()):
            raise UsageError(["--types: the JSON object's values must be names of types"])
        return list(declared.items())
    parts = [text] if _TIME.match(text) else text.split(",")
    pairs = [part.partition("=") for part in parts]
    if bad := [part for part, (column, _, kind) in zip(parts, pairs, strict=True) if not (column and kind)]:
        raise UsageError([f"--types: {bad[0]!r} is not of the form column=type"])
    return [(column, kind) for column, _, kind in pairs]


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
