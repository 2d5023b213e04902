"""What a value in the settings file may be: each check reads one JSON value and notes what is wrong with it.

A check never raises for a bad value: it appends one sentence to `problems` and returns the value it can,
so that one run reports every mistake. Used by model.py; it knows no setting by name.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

SHOWN_CHARACTERS = 60
"""As much of a wrong value as helps to find it."""


class Check(Protocol):
    """One kind of value: `read` judges it, `wording` says it in the table of docs/settings.md."""

    @property
    def wording(self) -> str:
        """The allowed values in a few words."""
        ...

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Return the value as the code uses it; append to `problems` when it does not fit."""
        ...


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds, both allowed."""

    least: int
    most: int

    @property
    def wording(self) -> str:
        """The bounds."""
        return f"{self.least:,} to {self.most:,}"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Refuse text, fractions and booleans: `true` is no number here."""
        if isinstance(value, bool) or not isinstance(value, int):
            problems.append(f"{path} must be a whole number, not {shown(value)}")
        elif not self.least <= value <= self.most:
            problems.append(f"{path} must be {self.wording}, not {value}")
        return value


@dataclass(frozen=True)
class Flag:
    """True or false."""

    wording: str = "true or false"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Refuse everything but the two JSON words."""
        if not isinstance(value, bool):
            problems.append(f"{path} must be true or false, not {shown(value)}")
        return value


@dataclass(frozen=True)
class Choice:
    """One of a few words or numbers."""

    values: tuple[str | int, ...]

    @property
    def wording(self) -> str:
        """The words, joined."""
        return " \\| ".join(f"`{value}`" for value in self.values)

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Compare with the type, so that `1` is not `true`."""
        if not any(type(value) is type(each) and value == each for each in self.values):
            listed = ", ".join(str(each) for each in self.values)
            problems.append(f"{path} must be one of {listed}, not {shown(value)}")
        return value


@dataclass(frozen=True)
class Text:
    """Text of a form; `hint` names the form for the person."""

    pattern: str
    hint: str

    @property
    def wording(self) -> str:
        """The hint."""
        return self.hint

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Match the whole text."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            problems.append(f"{path} must be {self.hint}, not {shown(value)}")
        return value


@dataclass(frozen=True)
class Maybe:
    """`null`, or what the inner check allows."""

    inner: Check

    @property
    def wording(self) -> str:
        """The inner wording, and null."""
        return f"null, or {self.inner.wording}"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Let null pass."""
        return None if value is None else self.inner.read(value, path, problems)


@dataclass(frozen=True)
class Each:
    """A list; every element is checked, the result is a tuple."""

    inner: Check

    @property
    def wording(self) -> str:
        """The inner wording, as a list."""
        return f"list of {self.inner.wording}"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Check every element; its number stands in the message."""
        if not isinstance(value, list):
            problems.append(f"{path} must be a list, not {shown(value)}")
            return ()
        return tuple(self.inner.read(item, f"{path}[{at}]", problems) for at, item in enumerate(value))


@dataclass(frozen=True)
class Pairs:
    """An object of text to text; the result is a sorted tuple of pairs, so that settings stay hashable."""

    key: Text
    value: Text

    @property
    def wording(self) -> str:
        """Both sides."""
        return f"object: {self.key.hint} to {self.value.hint}"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Check keys and values alike."""
        if not isinstance(value, dict):
            problems.append(f"{path} must be an object, not {shown(value)}")
            return ()
        for key, item in value.items():
            self.key.read(key, f"a key of {path}", problems)
            self.value.read(item, f"{path}.{key}", problems)
        return tuple(sorted(value.items()))


def shown(value: Any) -> str:
    """Write a value into a message: short, and in JSON's words."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:
        text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."
