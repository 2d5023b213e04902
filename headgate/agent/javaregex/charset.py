r"""Sets of code points: the Python class that stands for one, and what Java's `\\p{…}` means.

Java's classes have unions, intersections and properties that Python's `re` lacks; as a set of code points
every one of them is an ordinary class. POSIX classes are ASCII; categories and binary properties come from
Python's Unicode tables; scripts and blocks need the `regex` package and are refused by name without it.
"""

import importlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from headgate.agent.javaregex.reader import RegexProblem

LAST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class CharSet:
    """Code points as sorted, disjoint, non-touching ranges (first, last), both inclusive."""

    ranges: tuple[tuple[int, int], ...] = ()

    @staticmethod
    def of(ranges: Iterable[tuple[int, int]]) -> "CharSet":
        """A set from ranges in any order, overlapping or not."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return CharSet(tuple(merged))

    @staticmethod
    def chars(text: str) -> "CharSet":
        """The set of the characters of `text`."""
        return CharSet.of((ord(char), ord(char)) for char in text)

    def __or__(self, other: "CharSet") -> "CharSet":
        return CharSet.of((*self.ranges, *other.ranges))

    def __invert__(self) -> "CharSet":
        gaps: list[tuple[int, int]] = []
        start = 0
        for first, last in self.ranges:
            if first > start:
                gaps.append((start, first - 1))
            start = last + 1
        if start <= LAST:
            gaps.append((start, LAST))
        return CharSet(tuple(gaps))

    def __and__(self, other: "CharSet") -> "CharSet":
        return ~(~self | ~other)

    def with_both_cases(self, *, ascii_only: bool) -> "CharSet":
        """The set and the other case of each of its letters."""
        more: list[tuple[int, int]] = []
        top = 0x7F if ascii_only else 0xFFFF
        for first, last in self.ranges:
            for code in range(first, min(last, top) + 1):
                char = chr(code)
                more += [(ord(c), ord(c)) for c in (char.lower(), char.upper()) if len(c) == 1]
        return CharSet.of((*self.ranges, *more))

    def to_python(self) -> str:
        """A character class of Python's `re` that matches exactly these code points."""
        if not self.ranges:
            return r"(?!)"
        if self.ranges == ((0, LAST),):
            return r"(?s:.)"
        complement = ~self
        if len(complement.ranges) < len(self.ranges):
            return f"[^{complement._body()}]"  # noqa: SLF001 - its own kind
        return f"[{self._body()}]"

    def _body(self) -> str:
        return "".join(_char(a) if a == b else f"{_char(a)}-{_char(b)}" for a, b in self.ranges)


def _char(code: int) -> str:
    return re.escape(chr(code)) if chr(code).isascii() and chr(code).isprintable() else f"\\U{code:08x}"


# Java's predefined classes without UNICODE_CHARACTER_CLASS. Source: java.util.regex.Pattern.
DIGIT = CharSet.of([(0x30, 0x39)])
WORD = CharSet.of([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
SPACE = CharSet.chars(" \t\n\x0b\f\r")
HORIZONTAL = CharSet.of([*CharSet.chars(" \t\xa0\u1680\u180e\u202f\u205f\u3000").ranges, (0x2000, 0x200A)])
VERTICAL = CharSet.chars("\n\x0b\f\r\x85\u2028\u2029")
LINE_END = CharSet.chars("\n\r\x85\u2028\u2029")


_PUNCT = CharSet.chars("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_LOWER, _UPPER = CharSet.of([(0x61, 0x7A)]), CharSet.of([(0x41, 0x5A)])
_DIGIT = CharSet.of([(0x30, 0x39)])
_POSIX = {
    "Lower": _LOWER,
    "Upper": _UPPER,
    "ASCII": CharSet.of([(0, 0x7F)]),
    "Alpha": _LOWER | _UPPER,
    "Digit": _DIGIT,
    "Alnum": _LOWER | _UPPER | _DIGIT,
    "Punct": _PUNCT,
    "Graph": CharSet.of([(0x21, 0x7E)]),
    "Print": CharSet.of([(0x20, 0x7E)]),
    "Blank": CharSet.chars(" \t"),
    "Cntrl": CharSet.of([(0, 0x1F), (0x7F, 0x7F)]),
    "XDigit": CharSet.of([(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)]),
    "Space": SPACE,
}
_CATEGORIES = {
    *("Cc", "Cf", "Cn", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl", "No"),
    *("Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs"),
    *("C", "L", "M", "N", "P", "S", "Z", "LC"),
}
_PREDICATES: dict[str, Callable[[str], bool]] = {
    "alphabetic": str.isalpha,
    "letter": str.isalpha,
    "digit": str.isdecimal,
    "lowercase": str.islower,
    "uppercase": str.isupper,
    "titlecase": lambda c: unicodedata.category(c) == "Lt",
    "whitespace": str.isspace,
    "white_space": str.isspace,
    "punctuation": lambda c: unicodedata.category(c).startswith("P"),
    "control": lambda c: unicodedata.category(c) == "Cc",
    "assigned": lambda c: unicodedata.category(c) != "Cn",
}
_JAVA_METHODS = {
    "javaLowerCase": "lowercase",
    "javaUpperCase": "uppercase",
    "javaWhitespace": "whitespace",
    "javaAlphabetic": "alphabetic",
    "javaLetter": "letter",
    "javaDigit": "digit",
}


def named_set(name: str) -> CharSet:  # noqa: PLR0911 - a table of cases
    r"""The set of `\\p{name}`. Raises RegexProblem for a name that is unknown here."""
    if name in _POSIX:
        return _POSIX[name]
    key, equals, value = name.partition("=")
    if equals:
        if key.lower() in {"gc", "general_category"} and value in _CATEGORIES:
            return _category(value)
        if key.lower() in {"sc", "script", "blk", "block"}:
            return _by_regex_package(f"{'Script' if key.lower().startswith('s') else 'Block'}={value}", name)
        raise RegexProblem(f"unknown property \\p{{{name}}}")
    if name in _CATEGORIES:
        return _category(name)
    if name in _JAVA_METHODS:
        return _by_predicate(_JAVA_METHODS[name])
    if name.startswith("Is"):
        return _binary_or_script(name)
    if name.startswith("In"):
        return _by_regex_package(f"Block={name[2:]}", name)
    raise RegexProblem(f"unknown property \\p{{{name}}}")


def _binary_or_script(name: str) -> CharSet:
    bare = name[2:]
    if bare in _CATEGORIES:
        return _category(bare)
    if bare.lower() in _PREDICATES:
        return _by_predicate(bare.lower())
    return _by_regex_package(f"Script={bare}", name)


@lru_cache(maxsize=64)
def _category(name: str) -> CharSet:
    wanted = ("Lu", "Ll", "Lt") if name == "LC" else (name,)
    return _collect(lambda char: unicodedata.category(char).startswith(wanted))


@lru_cache(maxsize=64)
def _by_predicate(name: str) -> CharSet:
    return _collect(_PREDICATES[name])


@lru_cache(maxsize=64)
def _by_regex_package(expression: str, name: str) -> CharSet:
    try:
        regex: Any = importlib.import_module("regex")
    except ImportError:
        raise RegexProblem(
            f"\\p{{{name}}} needs the Python package `regex`, which is not installed"
        ) from None
    try:
        pattern = regex.compile(rf"\p{{{expression}}}")
    except regex.error:
        raise RegexProblem(f"unknown property \\p{{{name}}}") from None
    return _collect(lambda char: pattern.match(char) is not None)


def _collect(belongs: Callable[[str], bool]) -> CharSet:
    ranges: list[tuple[int, int]] = []
    start: int | None = None
    for code in range(LAST + 1):
        if belongs(chr(code)):
            start = code if start is None else start
        elif start is not None:
            ranges.append((start, code - 1))
            start = None
    if start is not None:
        ranges.append((start, LAST))
    return CharSet(tuple(ranges))
