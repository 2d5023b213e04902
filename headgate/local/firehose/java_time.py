"""Java's DateTimeFormatter patterns, as far as the prefix of an S3 object can use them.

Decides how one moment is written for one pattern. Never guesses: a letter whose output depends on a locale
or on Java's week rules is refused, above all `Y`, the week-year, which names the wrong year around New
Year (F03). Called by prefix.py.

Source: java.time.format.DateTimeFormatterBuilder.appendPattern (Java 17, Locale.US).
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

Writer = Callable[[datetime], str]

# Possessive, so that a quote that never closes is found as such and not read as two shorter ones.
_TOKEN = re.compile(
    r"(?P<run>(?P<letter>[A-Za-z])(?P=letter)*)|'(?P<quoted>(?:[^']|'')*+)'|(?P<other>.)", re.DOTALL
)
_RESERVED = frozenset("{}[]#'")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ABBREVIATED = 3
_FULL = 4
_TWO_DIGIT_YEAR = 2


class PatternError(ValueError):
    """The pattern is not Java's, or asks for what is refused here."""


def compile_pattern(pattern: str) -> Writer:
    """Return what writes an aware datetime as `pattern` says. Raises PatternError."""
    writers = [_writer(token) for token in _TOKEN.finditer(pattern)]
    return lambda at: "".join(write(at) for write in writers)


def _writer(token: re.Match[str]) -> Writer:
    if run := token["run"]:
        return _field(token["letter"], len(run))
    if token["other"] is None:
        # Java reads '' as one quote, inside a literal and alone.
        return _literal(token["quoted"].replace("''", "'") or "'")
    if token["other"] in _RESERVED:
        raise PatternError(f"the pattern has a {token['other']} that is reserved or never closed")
    return _literal(token["other"])


def _literal(text: str) -> Writer:
    return lambda _: text


def _field(letter: str, count: int) -> Writer:
    if letter == "Y":
        raise PatternError("Y is the week-year, which is wrong around New Year: write yyyy")
    known = _FIELDS.get(letter)
    if known is None:
        raise PatternError(f"the letter {letter} is unknown or depends on a locale")
    counts, make = known
    if count not in counts:
        raise PatternError(f"{letter * count} has a number of letters that is not supported")
    return make(count)


def _number(value: Callable[[datetime], int]) -> Callable[[int], Writer]:
    return lambda count: lambda at: f"{value(at):0{count}d}"


def _year(count: int) -> Writer:
    if count == _TWO_DIGIT_YEAR:
        return lambda at: f"{at.year % 100:02d}"
    return lambda at: f"{at.year:0{count}d}"


def _month(count: int) -> Writer:
    if count < _ABBREVIATED:
        return _number(lambda at: at.month)(count)
    return lambda at: _MONTHS[at.month - 1][: None if count == _FULL else _ABBREVIATED]


def _weekday(count: int) -> Writer:
    return lambda at: _DAYS[at.weekday()][: None if count == _FULL else _ABBREVIATED]


def _fraction(count: int) -> Writer:
    return lambda at: f"{at.microsecond * 1000:09d}"[:count]


def _half_day(_: int) -> Writer:
    return lambda at: "AM" if at.hour < 12 else "PM"  # noqa: PLR2004 - noon


def _offset(zero: str | None) -> Callable[[int], Writer]:
    """`zero` is what stands for UTC itself; None writes it as an offset of nothing."""

    def make(count: int) -> Writer:
        def write(at: datetime) -> str:
            offset = at.utcoffset() or timedelta()
            if zero is not None and not offset:
                return zero
            minutes = abs(offset) // timedelta(minutes=1)
            tail = f"{minutes % 60:02d}"
            separator = ":" if count == _ABBREVIATED else ""
            shown = "" if count == 1 and tail == "00" else separator + tail
            return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02d}{shown}"

        return write

    return make


def _basic_offset(_: int) -> Writer:
    return _offset(None)(2)


_FIELDS: dict[str, tuple[range | tuple[int, ...], Callable[[int], Writer]]] = {
    "y": (range(1, 10), _year),
    "u": (range(1, 10), _year),
    "M": (range(1, 5), _month),
    "L": (range(1, 3), _month),
    "d": (range(1, 3), _number(lambda at: at.day)),
    "D": ((1, 3), _number(lambda at: at.timetuple().tm_yday)),
    "E": (range(1, 5), _weekday),
    "a": ((1,), _half_day),
    "H": (range(1, 3), _number(lambda at: at.hour)),
    "k": (range(1, 3), _number(lambda at: at.hour or 24)),
    "K": (range(1, 3), _number(lambda at: at.hour % 12)),
    "h": (range(1, 3), _number(lambda at: at.hour % 12 or 12)),
    "m": (range(1, 3), _number(lambda at: at.minute)),
    "s": (range(1, 3), _number(lambda at: at.second)),
    "S": (range(1, 10), _fraction),
    "X": (range(1, 4), _offset("Z")),
    "x": (range(1, 4), _offset(None)),
    "Z": (range(1, 4), _basic_offset),
}
