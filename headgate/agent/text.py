r"""Bytes to text as Java decodes UTF-8, and JSON as the Amazon Kinesis Agent (Jackson) writes it.

What is invalid UTF-8 becomes U+FFFD; Java and Python agree except for encoded surrogates (ED A0..BF), which
Java replaces as one. JSON has no blanks and capital hex in `\\u001B`. Standard library only.
"""

import codecs
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

_JAVA = "headgate-java"
_SURROGATE_LEAD = 0xED
_SURROGATE_SECOND = range(0xA0, 0xC0)
_CONTINUATION = range(0x80, 0xC0)


def decode(data: bytes) -> str:
    """The text of `data`; never raises."""
    return data.decode("utf-8", _JAVA)


def _replace_as_java(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    data, start = error.object, error.start
    end = error.end
    if (
        data[start] == _SURROGATE_LEAD
        and data[start + 1 : start + 2]
        and data[start + 1] in _SURROGATE_SECOND
    ):
        end = start + 2
        if data[end : end + 1] and data[end] in _CONTINUATION:
            end += 1
    return "\ufffd", end


codecs.register_error(_JAVA, _replace_as_java)


_quote: Callable[[str], str] = json.encoder.encode_basestring
_LOW_HEX = re.compile(r"\\(?:u(00[01][0-9a-f])|.)", re.DOTALL)
# Java prints a double outside this range in scientific notation. Source: java.lang.Double.toString.
_JAVA_PLAIN_FROM, _JAVA_PLAIN_TO = 1e-3, 1e7


def quote(text: str) -> str:
    """The JSON string of `text`, quotes included."""
    quoted = _quote(text)
    return _LOW_HEX.sub(_capital_hex, quoted) if "\\u00" in quoted else quoted


def quote_or_null(text: str | None) -> str:
    """As `quote`; `null` for None."""
    return "null" if text is None else quote(text)


def object_line(fields: Iterable[tuple[str, str | None]], *, pretty: bool = False) -> bytes:
    """One JSON object of string fields and its line feed.

    A repeated name is one key, at its first place, with the last value.
    """
    values = dict(fields)
    if pretty:
        return (dump_pretty(values) + "\n").encode("utf-8", "replace")
    inside = ",".join([f"{quote(name)}:{quote_or_null(value)}" for name, value in values.items()])
    return f"{{{inside}}}\n".encode("utf-8", "replace")


def dump(value: Any) -> str:
    """Compact JSON of any JSON value."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{quote(str(key))}:{dump(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return _scalar(value)


def dump_pretty(value: Any, indent: str = "") -> str:
    """JSON with objects one key to a line, indented by two blanks, `"key" : value`; arrays on one line."""
    if isinstance(value, dict):
        if not value:
            return "{ }"
        deeper = indent + "  "
        lines = [f"{deeper}{quote(str(key))} : {dump_pretty(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list):
        return "[ " + ", ".join(dump_pretty(item, indent) for item in value) + " ]" if value else "[ ]"
    return _scalar(value)


def java_double(value: float) -> str:
    """A double as Java prints it: 12345678.5 is `1.23456785E7`."""
    if value == 0 or _JAVA_PLAIN_FROM <= abs(value) < _JAVA_PLAIN_TO:
        return repr(value)
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        return _scientific(value)
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def _scientific(value: float) -> str:
    # repr has the shortest digits that read back to the same double; only the notation changes.
    sign = "-" if value < 0 else ""
    whole, _, fraction = repr(abs(value)).partition(".")
    if whole == "0":
        digits = fraction.lstrip("0")
        exponent = len(digits) - len(fraction) - 1
    else:
        digits, exponent = (whole + fraction).rstrip("0"), len(whole) - 1
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    return java_double(value) if isinstance(value, float) else str(value)


def _capital_hex(match: re.Match[str]) -> str:
    return f"\\u{match[1].upper()}" if match[1] else match[0]
