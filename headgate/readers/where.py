"""`--where FIELD=VALUE`: which printed lines are wanted.

Decides what a field is: a member of the printed line, or else of the event in it; dots go deeper. Numbers are
compared as they are written, so that none is too large.
"""

import argparse
import json
from typing import Any, NamedTuple


class Condition(NamedTuple):
    """One field and the text it must have."""

    path: tuple[str, ...]
    value: str

    def holds(self, line: dict[str, Any]) -> bool:
        """Whether a line's field has the value; a field that is not there has none."""
        event = line.get("event")
        return any(_text(_at(root, self.path)) == self.value for root in (line, event))


def condition(text: str) -> Condition:
    """An argument of a command line."""
    field, equals, value = text.partition("=")
    if not equals or not field:
        raise argparse.ArgumentTypeError(f"{text!r} is not FIELD=VALUE, such as type=click or user.id=7")
    return Condition(tuple(field.split(".")), value)


def wanted(line: bytes, conditions: list[Condition]) -> bool:
    """Whether all conditions hold; nothing is parsed when there are none."""
    if not conditions:
        return True
    try:
        value = json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and all(each.holds(value) for each in conditions)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    return value


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
