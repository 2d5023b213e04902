"""The text of agent.json: its JSON dialect, and how JSON values become booleans, integers, text and enums.

The dialect is standard JSON plus `//` and `/* */` comments. The conversions are those of the Amazon Kinesis
Agent (Java): strings stand for numbers and booleans, integers in strings follow `Long.decode`, text takes
numbers and booleans. Never decides a default or a range, and knows no key.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from headgate.agent.text import java_double

_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n\r]*|/\*.*?\*/', re.DOTALL)


class DialectError(ValueError):
    """The text is not a configuration; the message says where."""


def parse_object(text: str) -> dict[str, Any]:
    """The first JSON object of `text`; what stands after it is ignored, the last of equal keys wins.

    Raises DialectError: empty text, a top level that is no object, or broken JSON.
    """
    plain = _STRING_OR_COMMENT.sub(_blank_comment, text.removeprefix("\ufeff")).lstrip(" \t\r\n")
    if not plain:
        raise DialectError("the file is empty")
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    try:
        value, _ = decoder.raw_decode(plain)
    except RecursionError:
        raise DialectError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise DialectError(f"not valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise DialectError("the top level must be a JSON object")
    return value


def _blank_comment(match: re.Match[str]) -> str:
    token = match.group()
    if token.startswith('"'):
        return token
    # Line breaks stay, so that the position in an error message is the one in the file.
    return re.sub(r"[^\n]", " ", token)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_SHOWN_CHARS = 60
_TRUE = {"true", "yes", "t", "y", "1"}
_FALSE = {"false", "no", "f", "n", "0"}
_DECODABLE = re.compile(
    r"(?P<sign>[+-]?)(?:(?:0[xX]|#)(?P<hex>[0-9a-fA-F]+)|0(?P<octal>[0-7]+)|(?P<decimal>[0-9]+))"
)


class ValueProblem(ValueError):
    """A value that its key cannot take; the message completes "<key> …"."""


def to_bool(value: object) -> bool:
    """A JSON boolean, or (in any case) true/yes/t/y/1 and false/no/f/n/0. Raises ValueProblem."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        word = str(value).lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    raise ValueProblem(f"must be a boolean, not {_show(value)}")


def to_int(value: object, bits: int = 32) -> int:
    """A JSON integer, or a string as Java's `decode` reads it: 0x10 is 16, 010 is 8. Raises ValueProblem."""
    if isinstance(value, str):
        number = _decode(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        number = None
    if number is None:
        raise ValueProblem(f"must be an integer, not {_show(value)}")
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueProblem(f"must fit {bits} bits, which {_show(value)} does not")
    return number


def to_text(value: object) -> str | None:
    """Text; numbers and booleans become text, null is as if the key were missing. Raises ValueProblem."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return java_double(value)
    raise ValueProblem(f"must be a string, not {_show(value)}")


def to_enum(value: object, allowed: Sequence[str], default: str) -> str:
    """One of `allowed`, in exactly that spelling; null is the default. Raises ValueProblem."""
    if value is None:
        return default
    if isinstance(value, str) and value in allowed:
        return value
    raise ValueProblem(f"must be one of {', '.join(allowed)}, not {_show(value)}")


def to_texts(value: object) -> tuple[str, ...]:
    """An array of text. Raises ValueProblem for anything else, a null inside included."""
    if not isinstance(value, list):
        raise ValueProblem(f"must be an array, not {_show(value)}")
    texts = [to_text(item) for item in value]
    if any(text is None for text in texts):
        raise ValueProblem("must not contain null")
    return tuple(text for text in texts if text is not None)


def _decode(text: str) -> int | None:
    match = _DECODABLE.fullmatch(text)
    if match is None:
        return None
    if match["hex"] is not None:
        number = int(match["hex"], 16)
    elif match["octal"] is not None:
        number = int(match["octal"], 8)
    else:
        # "08" is no octal number, and a decimal one does not begin with 0.
        if len(match["decimal"]) > 1 and match["decimal"].startswith("0"):
            return None
        number = int(match["decimal"])
    return -number if match["sign"] == "-" else number


def _show(value: object) -> str:
    shown = repr(value) if isinstance(value, str | int | float) else type(value).__name__
    return shown if len(shown) <= _SHOWN_CHARS else shown[:_SHOWN_CHARS] + "…"
