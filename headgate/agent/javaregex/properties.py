r"""What Java's `\\p{…}` means, as a set of code points.

POSIX classes are ASCII; categories and binary properties come from Python's Unicode tables; scripts and
blocks need the `regex` package, and without it are refused by name. Used by the translation only.
"""

import importlib
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from headgate.agent.javaregex.charset import LAST, SPACE, CharSet
from headgate.agent.javaregex.errors import RegexProblem

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
