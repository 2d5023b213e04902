"""Rewrites a Java pattern as a Python one, construct by construct.

Flags are resolved here (dot, anchors, comments, Unicode classes); only case-insensitivity reaches Python, as
a scoped group. Raises RegexProblem for what is not Java or has no counterpart.

Source: java.util.regex.Pattern, Java SE 17.
"""

import re
from dataclasses import dataclass, replace

from headgate.agent.javaregex import charset
from headgate.agent.javaregex.escapes import ClassReader, read_char, read_set
from headgate.agent.javaregex.reader import Reader

_LINE_END = r"(?:\r\n|[\r\x85\u2028\u2029]|(?<!\r)\n)"
_AT_END = rf"(?={_LINE_END}?\Z)"
_ESCAPED_ANCHORS = {
    "A": r"(?:\A)",
    "G": r"(?:\A)",  # where the match starts, which for a whole or a prefix match is the beginning
    "z": r"(?:\Z)",
    "Z": _AT_END,
    "b": r"(?:(?u:\b))",
    "B": r"(?!(?u:\b))",
    "R": r"(?>\r\n|[\n\x0b\f\r\x85\u2028\u2029])",
}
_UNIX_ANCHORS = {"Z": r"(?=\n?\Z)"}
_QUANTIFIER = re.compile(r"(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})[?+]?")
_GROUP_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_FLAG_GROUP = re.compile(r"\?([idmsuxU]*)(?:-([idmsuxU]*))?([:)])")
_PLAIN_GROUPS = ("?:", "?=", "?!", "?<=", "?<!", "?>")


@dataclass(frozen=True, slots=True)
class Flags:
    """Java's inline flags, by their letters."""

    i: bool = False
    d: bool = False
    m: bool = False
    s: bool = False
    u: bool = False
    x: bool = False
    U: bool = False

    def case(self) -> str:
        """How letters match: "" (case matters), "ascii" or "unicode"."""
        return ("unicode" if self.u or self.U else "ascii") if self.i else ""


class Translator:
    """Translates one pattern; `multiline` is Java's MULTILINE given from outside."""

    def __init__(self, pattern: str, *, multiline: bool = False) -> None:
        self._reader = Reader(pattern)
        self._flags = Flags(m=multiline)
        self._groups = 0
        self._open_groups: list[int] = []
        self._names: set[str] = set()
        self._total_groups = _count_groups(pattern)

    def translate(self) -> str:
        """The whole pattern in Python's syntax, for `re.ASCII`."""
        body = self._alternatives()
        if self._reader.peek():
            raise self._reader.problem("there is a ) too many")
        return body

    def _alternatives(self) -> str:
        """Up to the end or to a `)` that is left unread. Flags set inside end with it."""
        outer = self._flags
        branches = [self._sequence()]
        while self._reader.take("|"):
            branches.append(self._sequence())
        self._flags = outer
        return "|".join(branches)

    def _sequence(self) -> str:
        parts: list[str] = []
        while (char := self._reader.peek()) and char not in "|)":
            atom = self._atom()
            if atom:
                parts.append(atom + self._quantifier())
        return "".join(parts)

    def _quantifier(self) -> str:
        if self._flags.x:
            self._skip_blanks()
        match = _QUANTIFIER.match(self._reader.text, self._reader.position)
        if match is None:
            if self._reader.peek() == "{":
                raise self._reader.problem("{ does not begin a repetition; write \\{ for the character")
            return ""
        self._reader.next(len(match.group()))
        return match.group()

    def _skip_blanks(self) -> None:
        while (char := self._reader.peek()) and (char in " \t\n\x0b\f\r" or char == "#"):
            self._reader.next()
            if char == "#":
                while self._reader.peek() and self._reader.peek() not in "\n\r\x85\u2028\u2029":
                    self._reader.next()

    def _atom(self) -> str:
        reader = self._reader
        if self._flags.x and (reader.peek() in " \t\n\x0b\f\r" or reader.peek() == "#"):
            self._skip_blanks()
            return ""
        char = reader.next()
        if char == "\\":
            return self._escape()
        if char == "(":
            return self._group()
        if char == "[":
            found = ClassReader(
                reader,
                ignore_case=self._flags.case(),
                comments=self._flags.x,
                unicode_classes=self._flags.U,
            ).read()
            return found.to_python()
        if char in "*+?{":
            raise reader.problem(f"{char} has nothing to repeat")
        return self._special(char) or self._literal(char)

    def _special(self, char: str) -> str:
        flags = self._flags
        if char == ".":
            ends = charset.CharSet.chars("\n") if flags.d else charset.LINE_END
            return "(?s:.)" if flags.s else (~ends).to_python()
        if char == "^":
            if not flags.m:
                return r"(?:\A)"
            after = r"(?<=\n)" if flags.d else r"(?:(?<=[\n\x85\u2028\u2029])|(?<=\r)(?!\n))"
            return rf"(?:(?!\Z)(?:\A|{after}))"
        if char == "$":
            if flags.m:
                return r"(?=\n|\Z)" if flags.d else rf"(?={_LINE_END}|\Z)"
            return _UNIX_ANCHORS["Z"] if flags.d else _AT_END
        return ""

    def _literal(self, char: str) -> str:
        case = self._flags.case()
        if not case or char.lower() == char.upper():
            return re.escape(char)
        return charset.CharSet.chars(char).with_both_cases(ascii_only=case == "ascii").to_python()

    def _escape(self) -> str:
        reader = self._reader
        letter = reader.next()
        if letter == "Q":
            literals = [self._literal(char) for char in reader.quoted()]
            # A quantifier behind \E repeats the last character only, as it stands last.
            return "".join(literals)
        if letter == "E":
            raise reader.problem("\\E without \\Q")
        if letter in _ESCAPED_ANCHORS:
            return (
                _UNIX_ANCHORS.get(letter, _ESCAPED_ANCHORS[letter])
                if self._flags.d
                else _ESCAPED_ANCHORS[letter]
            )
        if letter in "123456789":
            return self._back_reference(letter)
        if letter == "k":
            return self._named_reference()
        if letter == "X":
            raise reader.problem("\\X (grapheme cluster) is not supported")
        found = read_set(reader, letter, unicode_classes=self._flags.U)
        return self._literal(read_char(reader, letter)) if found is None else found.to_python()

    def _back_reference(self, digits: str) -> str:
        reader = self._reader
        # Java takes more digits only while a group of that number exists.
        while (
            reader.peek()
            and reader.peek() in "0123456789"
            and int(digits + reader.peek()) <= self._total_groups
        ):
            digits += reader.next()
        number = int(digits)
        if number > self._groups or number in self._open_groups:
            return "(?!)"
        return self._cased_reference(f"\\{number}")

    def _named_reference(self) -> str:
        if not self._reader.take("<"):
            raise self._reader.problem("\\k without <name>")
        name = self._reader.until(">")
        if name not in self._names:
            raise self._reader.problem(f"there is no group named {name!r}")
        return self._cased_reference(f"(?P={name})")

    def _cased_reference(self, reference: str) -> str:
        return f"(?i:{reference})" if self._flags.i else f"(?:{reference})"

    def _group(self) -> str:
        reader = self._reader
        if reader.peek() != "?":
            return self._capture("(")
        for opening in _PLAIN_GROUPS:
            if reader.take(opening):
                return self._close(f"({opening}")
        if reader.take("?<"):
            name = reader.until(">")
            if not _GROUP_NAME.fullmatch(name) or name in self._names:
                raise reader.problem(f"{name!r} is not a new group name")
            self._names.add(name)
            return self._capture(f"(?P<{name}>")
        return self._flag_group()

    def _flag_group(self) -> str:
        reader = self._reader
        match = _FLAG_GROUP.match(reader.text, reader.position)
        if match is None:
            raise reader.problem("unknown group")
        reader.next(len(match.group()))
        outer = self._flags
        on, off, end = match[1], match[2] or "", match[3]
        self._flags = replace(outer, **dict.fromkeys(on, True), **dict.fromkeys(off, False))
        if end == ")":
            return ""
        body = self._close("(?:")
        self._flags = outer
        return body

    def _capture(self, opening: str) -> str:
        self._groups += 1
        number = self._groups
        self._open_groups.append(number)
        body = self._close(opening)
        self._open_groups.remove(number)
        return body

    def _close(self, opening: str) -> str:
        body = self._alternatives()
        if not self._reader.take(")"):
            raise self._reader.problem("a ) is missing")
        return f"{opening}{body})"


def _count_groups(pattern: str) -> int:
    """Capturing groups, near enough: only used to know how many digits a back reference has."""
    bare = re.sub(r"\\Q.*?(?:\\E|$)|\\.|\[[^\]]*\]", "", pattern, flags=re.DOTALL)
    return len(re.findall(r"\((?!\?)|\(\?<(?![=!])", bare))
