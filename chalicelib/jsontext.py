"""JSON as text: checks it strictly, finds where a value ends, puts it on one line, writes it back exactly.

Never re-formats what it was given: stored bytes are sent bytes. Used by event, decode and transform.

Source: RFC 8259.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NoReturn

import orjson

from chalicelib import limits

SPACE = b" \t\r\n"
_LINE_BREAKS = b"\r\n"
_CR, _LF = _LINE_BREAKS  # as numbers, which bytes are searched for fastest
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# The closing quote is optional, so that every quote is passed once even in text that never closes.
_ANY_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NO_OPENING = bytes(set(range(256)) - set(b"[{"))
_SCALAR = rb'(?:%s|[^][{}",\s]++)' % _STRING
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
# orjson reads integers beyond 64 bits (at least 19 digits) as the nearest double. A table and a search for
# a constant find them in a seventh of a pattern's time.
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
_LONG_INTEGER = b"0" * 19
_INT64 = range(-(2**63), 2**64)
# int() refuses more digits, because its time grows with their square (CVE-2020-10735).
_INT_MAX_DIGITS = 4300


class NotJson(ValueError):
    """The text is not JSON; `code` is MalformedJson, InvalidUtf8 or TooDeep."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


Loads = Callable[[bytes], Any]


def loads(text: bytes) -> Any:
    """Return the value of strict JSON up to DEPTH_MAX deep; numbers may lose digits. Raises NotJson."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return _loads_slowly(text, error)
    if len(text.translate(None, _NO_OPENING)) > limits.DEPTH_MAX:
        _check_depth(text)
    return value


def loads_exact(text: bytes) -> Any:
    """Do as `loads` does, but keep every digit of integers.

    Decimal stands for an integer of more than 4,300 digits and for a number beyond a double's range.
    """
    return exact_loads(text)(text)


def exact_loads(whole: bytes) -> Loads:
    """Return a reader for parts of `whole` that does as `loads_exact`: one look serves all lines."""
    return _loads_every_digit if _may_be_inexact(whole) else loads


def _loads_every_digit(text: bytes) -> Any:
    value = loads(text)
    return _decode_exact(text) if _may_be_inexact(text) else value


def _may_be_inexact(text: bytes) -> bool:
    return text.translate(_DIGITS).find(_LONG_INTEGER) >= 0


def dumps(value: Any) -> bytes:
    """Return compact JSON of what `loads_exact` gave, with integers of any size. Raises TypeError."""
    try:
        return orjson.dumps(value, default=_number_text)
    except TypeError:
        return orjson.dumps(_wrap_big_integers(value), default=_number_text)


def end_of_value(text: bytes, start: int) -> int | None:
    """Return where the value at `start` ends by its brackets, or None (unbalanced or too deep).

    Linear in the text and without building the value; what is inside the brackets is not judged.
    """
    match = _value_pattern().match(text, start)
    return match.end() if match else None


def one_line(text: bytes) -> bytes:
    """Return the text of a valid JSON value without outer white space and line breaks.

    In valid JSON a raw line break can only stand between tokens, where it means nothing.
    """
    text = text.strip(SPACE)
    return text.translate(None, _LINE_BREAKS) if _CR in text or _LF in text else text


@cache
def _value_pattern() -> re.Pattern[bytes]:
    """Return the pattern of a value up to DEPTH_MAX deep; possessive, so a mismatch costs one pass."""
    inside = rb'[^][{}"]++|%s' % _STRING
    nested = rb"[{\[](?:%s)*+[}\]]" % inside
    for _ in range(limits.DEPTH_MAX - 1):
        nested = rb"[{\[](?:%s|%s)*+[}\]]" % (inside, nested)
    return re.compile(rb"%s|%s" % (nested, _SCALAR), re.DOTALL)


def is_too_deep(text: bytes) -> bool:
    """Return whether brackets outside strings, closed or not, go deeper than DEPTH_MAX; in linear time."""
    if len(text.translate(None, _NO_OPENING)) <= limits.DEPTH_MAX:
        return False
    brackets = _ANY_STRING.sub(b"", text).translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(limits.DEPTH_MAX):  # each pass takes away the innermost level
        if b"[" * (limits.DEPTH_MAX + 1) in brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return b"[]" in brackets or b"[" * (limits.DEPTH_MAX + 1) in brackets


def _check_depth(text: bytes) -> None:
    if is_too_deep(text):
        raise NotJson("TooDeep", f"Nested deeper than {limits.DEPTH_MAX} levels.")


def _loads_slowly(text: bytes, error: orjson.JSONDecodeError) -> Any:
    """Numbers that orjson cannot hold are JSON all the same; anything else it refused is refused."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as bad:
        raise NotJson("InvalidUtf8", f"Byte {bad.start} is not UTF-8.") from None
    _check_depth(text)
    try:
        if _SURROGATE_ESCAPE.search(decoded):  # a pair is text, a lone one is not; pairs show repeated keys
            pairs = json.loads(decoded, parse_int=str, parse_float=str, object_pairs_hook=list)
            json.dumps(pairs, ensure_ascii=False).encode()
        return _decode_exact(text)
    except ValueError:
        raise NotJson("MalformedJson", f"Not JSON at character {error.pos}: {error.msg}.") from None


def _decode_exact(text: bytes) -> Any:
    # From str, because json.loads would take bytes for UTF-16 when they look like it.
    return json.loads(text.decode(), parse_int=_integer, parse_float=_float, parse_constant=_no_constant)


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _INT_MAX_DIGITS else Decimal(digits)


def _float(digits: str) -> float | Decimal | orjson.Fragment:
    value = float(digits)
    if abs(value) != float("inf"):
        return value
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent of 19 digits: only its text is left to hand on
        return orjson.Fragment(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _number_text(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _wrap_big_integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _wrap_big_integers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_wrap_big_integers(item) for item in value]
    if type(value) is int and value not in _INT64:
        return Decimal(value)
    return value
