"""Java's character classes `[…]`: unions, nested classes, `&&`, ranges and quoting, as one set.

Called by the translation with the cursor behind the opening bracket.
"""

from headgate.agent.javaregex.charset import CharSet
from headgate.agent.javaregex.escapes import read_char, read_set
from headgate.agent.javaregex.reader import Reader


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
