"""Compiles a Java pattern: with `re`, else with the `regex` package where that is installed, else an error.

Called when the configuration is read, so that a pattern that cannot work stops the start, not a line.
"""

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from headgate.agent.javaregex.reader import RegexProblem
from headgate.agent.javaregex.translate import Translator

_SLOW_MAX = 100


class Matched(Protocol):
    """What is used of a match object of `re` or `regex`."""

    def groups(self) -> tuple[str | None, ...]:
        """The captured groups; None for one that took no part."""
        ...

    def span(self) -> tuple[int, int]:
        """Start and end of the whole match."""
        ...


@dataclass(frozen=True)
class JavaPattern:
    """A compiled pattern with Java's three ways to match.

    `slow` holds texts whose match took too long; they count as texts that do not match.
    """

    source: str
    compiled: Any
    slow: set[str] = field(default_factory=set, repr=False, compare=False)
    trying: list[str] = field(default_factory=lambda: [""], repr=False, compare=False)

    @property
    def group_count(self) -> int:
        """Number of capturing groups."""
        count: int = self.compiled.groups
        return count

    def full(self, text: str) -> Matched | None:
        """Java's `matches()`: the whole text."""
        return self._match(self.compiled.fullmatch, text)

    def prefix(self, text: str) -> Matched | None:
        """Java's `lookingAt()`: from the first character on."""
        return self._match(self.compiled.match, text)

    def give_up(self) -> None:
        """The last match took too long: the same text is not tried again soon."""
        if len(self.slow) >= _SLOW_MAX:
            self.slow.clear()
        self.slow.add(self.trying[0])

    def _match(self, method: Callable[[str], Matched | None], text: str) -> Matched | None:
        if text in self.slow:
            return None
        self.trying[0] = text
        return method(text)


def compile_java(pattern: str, *, multiline: bool = False) -> JavaPattern:
    """Compile a Java pattern. Raises RegexProblem with the reason and the place."""
    try:
        python = Translator(pattern, multiline=multiline).translate()
    except RecursionError:
        raise RegexProblem("the pattern is nested too deeply") from None
    try:
        return JavaPattern(pattern, re.compile(python, re.ASCII))
    except re.error as error:
        return JavaPattern(pattern, _with_regex_package(python, str(error)))


def _with_regex_package(python: str, reason: str) -> Any:
    try:
        regex: Any = importlib.import_module("regex")
    except ImportError:
        raise RegexProblem(f"{reason}; the Python package `regex` may be able to (not installed)") from None
    try:
        return regex.compile(python, regex.ASCII | regex.VERSION0)
    except regex.error as error:
        raise RegexProblem(str(error)) from None


def split_java(pattern: JavaPattern, text: str) -> list[str]:
    """Java's `String.split(regex)`: trailing empty parts are cut; no match gives the text itself."""
    parts: list[str] = []
    start = 0
    for first, last in _finds(pattern.compiled, text):
        if last == 0:
            continue  # no empty part before a match of nothing at the beginning
        parts.append(text[start:first])
        start = last
    if start == 0:
        return [text]
    parts.append(text[start:])
    while parts and not parts[-1]:
        parts.pop()
    return parts


def _finds(compiled: Any, text: str) -> Iterator[tuple[int, int]]:
    """The spans of Java's `find()`: after an empty match the search goes on one character later."""
    position = 0
    while position <= len(text) and (match := compiled.search(text, position)) is not None:
        first, last = match.span()
        yield first, last
        position = last + 1 if first == last else last
