"""The JSON dialect of agent.json: standard JSON plus `//` and `/* */` comments.

Decides what text is a configuration. Knows no key. Called by load.py.
"""

import json
import re
from typing import Any, NoReturn

# A string is matched first, so that a comment mark inside it stays what it is.
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
