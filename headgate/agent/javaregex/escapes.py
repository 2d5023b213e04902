r"""Java's backslash escapes, and its character classes `[…]`: unions, `&&`, ranges and quoting."""

import unicodedata

from headgate.agent.javaregex import charset
from headgate.agent.javaregex.charset import CharSet, named_set
from headgate.agent.javaregex.reader import Reader

_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_SETS = {
    "d": charset.DIGIT,
    "w": charset.WORD,
    "s": charset.SPACE,
    "h": charset.HORIZONTAL,
    "v": charset.VERTICAL,
}
_UNICODE_SETS = {"d": "IsDigit", "s": "IsWhite_Space"}
_OCTAL_DIGITS, _OCTAL_MAX = 3, 0o377
_HIGH_SURROGATES, _LOW_SURROGATES = range(0xD800, 0xDC00), range(0xDC00, 0xE000)


def read_set(reader: Reader, letter: str, *, unicode_classes: bool) -> CharSet | None:
    r"""The set that `\\letter` stands for (the letter is read already), or None when it is no set."""
    lower = letter.lower()
    if lower in _SETS and letter.isascii():
        found = _SETS[lower]
        if unicode_classes and lower in _UNICODE_SETS:
            found = named_set(_UNICODE_SETS[lower])
        elif unicode_classes and lower == "w":
            found = named_set("IsAlphabetic") | named_set("N") | named_set("M") | named_set("Pc")
        return ~found if letter.isupper() else found
    if lower == "p":
        name = reader.until("}") if reader.take("{") else reader.next()
        return ~named_set(name) if letter == "P" else named_set(name)
    return None


def read_char(reader: Reader, letter: str) -> str:  # noqa: PLR0911 - a table of cases
    r"""The character that `\\letter` stands for. Raises RegexProblem for an escape Java does not know."""
    if letter in _CONTROL:
        return _CONTROL[letter]
    if letter == "0":
        return _octal(reader)
    if letter == "x":
        digits = reader.until("}") if reader.take("{") else reader.next(2)
        return _code_point(digits, reader)
    if letter == "u":
        return _utf16(reader)
    if letter == "c":
        return chr(ord(reader.next()) ^ 64)
    if letter == "N":
        if not reader.take("{"):
            raise reader.problem("\\N without {name}")
        return _named(reader.until("}"), reader)
    if letter.isascii() and letter.isalnum():
        raise reader.problem(f"unknown escape \\{letter}")
    return letter


def _octal(reader: Reader) -> str:
    digits = ""
    while (
        len(digits) < _OCTAL_DIGITS
        and reader.peek()
        and reader.peek() in "01234567"
        and int(digits + reader.peek(), 8) <= _OCTAL_MAX
    ):
        digits += reader.next()
    if not digits:
        raise reader.problem("\\0 without an octal digit")
    return chr(int(digits, 8))


def _utf16(reader: Reader) -> str:
    first = ord(_code_point(reader.next(4), reader))
    if first in _HIGH_SURROGATES and reader.rest().startswith("\\u"):
        second = ord(_code_point(reader.rest()[2:6], reader))
        if second in _LOW_SURROGATES:
            reader.next(6)
            return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    return chr(first)


def _code_point(digits: str, reader: Reader) -> str:
    try:
        return chr(int(digits, 16))
    except (ValueError, OverflowError):
        raise reader.problem(f"{digits!r} is not a code point") from None


def _named(name: str, reader: Reader) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        raise reader.problem(f"no character is named {name!r}") from None


class ClassReader:
    """Reads one class; `ignore_case` and `comments` are the flags in force where it stands."""

    def __init__(self, reader: Reader, *, ignore_case: str, comments: bool, unicode_classes: bool) -> None:
        """`ignore_case`: "" (off), "ascii" or "unicode"."""
        self._reader = reader
        self._ignore_case = ignore_case
        self._comments = comments
        self._unicode_classes = unicode_classes

    def read(self) -> CharSet:
        """The set of a class whose `[` has been read, up to and over its `]`."""
        negated = self._reader.take("^")
        result: CharSet | None = None
        part = self._union(first=True)
        while self._reader.take("&&"):
            result = part if result is None else result & part
            part = self._union(first=False)
        # `[a-z&&]` is what stands on the left: an empty right side restricts nothing.
        if result is None:
            result = part
        elif part.ranges:
            result &= part
        if not self._reader.take("]"):
            raise self._reader.problem("a character class is not closed")
        return ~result if negated else result

    def _union(self, *, first: bool) -> CharSet:
        reader = self._reader
        found = CharSet()
        empty = first
        while (char := reader.peek()) and not (char == "]" and not empty):
            if reader.rest().startswith("&&"):
                break
            if self._comments and (char in " \t\n\x0b\f\r" or char == "#"):
                self._skip_comment()
                continue
            empty = False
            found |= self._element()
        return found

    def _element(self) -> CharSet:
        reader = self._reader
        if reader.take("["):
            return self.read()
        if reader.take("\\Q"):
            return self._cased(CharSet.chars(reader.quoted()))
        char = reader.next()
        if char == "\\":
            letter = reader.next()
            found = read_set(reader, letter, unicode_classes=self._unicode_classes)
            if found is not None:
                return found
            char = read_char(reader, letter)
        return self._cased(self._range(char))

    def _range(self, first: str) -> CharSet:
        reader = self._reader
        rest = reader.rest()
        if not rest.startswith("-") or rest[1:2] in {"", "]", "["} or rest[1:3] == "&&":
            return CharSet.chars(first)
        reader.next()
        last = reader.next()
        if last == "\\":
            last = read_char(reader, reader.next())
        if ord(last) < ord(first):
            raise reader.problem(f"the range {first}-{last} is the wrong way round")
        return CharSet.of([(ord(first), ord(last))])

    def _cased(self, found: CharSet) -> CharSet:
        if not self._ignore_case:
            return found
        return found.with_both_cases(ascii_only=self._ignore_case == "ascii")

    def _skip_comment(self) -> None:
        if self._reader.next() == "#":
            while self._reader.peek() and self._reader.peek() not in "\n\r\x85\u2028\u2029":
                self._reader.next()
