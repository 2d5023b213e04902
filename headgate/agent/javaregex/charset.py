"""Sets of code points, and the Python character class that stands for one.

Java's classes have unions, intersections and properties that Python's `re` lacks; as a set of code points
every one of them is an ordinary class. Used by the translation only.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

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
EVERYTHING = CharSet(((0, LAST),))
