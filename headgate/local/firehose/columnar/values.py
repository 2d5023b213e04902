"""One JSON value's text as the value of a column.

Decides what fits a column's type, as the OpenX JSON SerDe does: a string column takes anything as its text, a
number may stand in quotes. Pure. Called by rows.py, which asks for one reader per column.

Source: github.com/rcongiu/Hive-JSON-Serde; Firehose writes a value that does not fit to the error prefix.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import orjson

from headgate.local.firehose.columnar.documents import elements, members
from headgate.local.firehose.columnar.hive_types import WHOLE_BITS, Array, HiveType, Map, Scalar, Struct
from headgate.local.firehose.columnar.moments import day, timestamp_ns

# A value's own text to what pyarrow takes for the column; raises ValueError when it does not fit.
Reader = Callable[[bytes], Any]

_WHOLE = re.compile(r"[-+]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def reader(kind: HiveType, *, ignore_case: bool) -> Reader:
    """Return what reads values of one type; null stays null in each of them."""
    match kind:
        case Scalar(name):
            read = _SCALARS[name]
        case Array(element):
            read = _array(reader(element, ignore_case=ignore_case))
        case Map(value):
            read = _map(reader(value, ignore_case=ignore_case))
        case Struct(fields):
            readers = {name: reader(each, ignore_case=ignore_case) for name, each in fields}
            read = _struct(readers, ignore_case=ignore_case)
    return lambda text: None if text == b"null" else read(text)


def fold(found: dict[str, bytes], *, ignore_case: bool) -> dict[str, bytes]:
    """Return members by the keys that columns look for."""
    return {key.lower(): text for key, text in found.items()} if ignore_case else found


def _string(text: bytes) -> str:
    # Anything but a string keeps the text that was sent: 1.10 stays 1.10, an object stays its own bytes.
    return str(orjson.loads(text)) if text.startswith(b'"') else text.decode()


def _whole(bits: int) -> Reader:
    limit = 2 ** (bits - 1)

    def read(text: bytes) -> int:
        written = _scalar(text)
        if not _WHOLE.fullmatch(written) or not -limit <= int(written) < limit:
            raise ValueError
        return int(written)

    return read


def _double(text: bytes) -> float:
    written = _scalar(text)
    number = float(written) if _NUMBER.fullmatch(written) else math.inf
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(text: bytes) -> bool:
    written = _scalar(text).lower()
    if written not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[written]


def _array(read: Reader) -> Reader:
    # A value that is no array becomes an array of one, as that SerDe makes it.
    return lambda text: [read(each) for each in (elements(text) if text.startswith(b"[") else [text])]


def _map(read: Reader) -> Reader:
    def read_map(text: bytes) -> list[tuple[str, Any]]:
        _require_object(text)
        return [(key, read(each)) for key, each in members(text).items()]

    return read_map


def _struct(readers: dict[str, Reader], *, ignore_case: bool) -> Reader:
    def read_struct(text: bytes) -> dict[str, Any]:
        _require_object(text)
        found = fold(members(text), ignore_case=ignore_case)
        return {name: read(found.get(name, b"null")) for name, read in readers.items()}

    return read_struct


def _require_object(text: bytes) -> None:
    if not text.startswith(b"{"):
        raise ValueError


def _scalar(text: bytes) -> str:
    """The text of a number, a boolean or a string without its quotes."""
    if text[:1] in (b"{", b"["):
        raise ValueError
    return _string(text).strip()


_SCALARS: dict[str, Reader] = {
    "string": _string,
    **{name: _whole(bits) for name, bits in WHOLE_BITS.items()},
    "double": _double,
    "float": _double,
    "boolean": _boolean,
    "timestamp": lambda text: timestamp_ns(_scalar(text)),
    "date": lambda text: day(_scalar(text)),
}
