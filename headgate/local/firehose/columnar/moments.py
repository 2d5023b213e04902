"""The time stamps and dates that the OpenX JSON SerDe reads.

Decides what a text or a number means as a moment; reckons in whole nanoseconds, as a column holds them. Pure.
Called by values.py.

Source: Firehose developer guide, "Choose the JSON deserializer": the list of formats.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

NANOSECONDS = 1_000_000_000
# Below it a number is epoch seconds, else milliseconds: 1518033528 and 1518033528123 are both in 2018.
_MILLISECONDS_FROM = 10**12
# What 64 bits of nanoseconds hold: years 1677 to 2262.
_LIMIT_NS = 2**63

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z?", re.ASCII)
_SPACED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp_ns(text: str) -> int:
    """Return nanoseconds since 1970 UTC of a time stamp's text or number. Raises ValueError."""
    written = _ISO.fullmatch(text) or _SPACED.fullmatch(text)
    if written is None:
        return _from_epoch(text)
    *fields, fraction = written.groups()
    moment = datetime(*map(int, fields), tzinfo=UTC)  # type: ignore[arg-type,misc]  # six numbers
    seconds = (moment - _EPOCH).days * 86_400 + (moment - _EPOCH).seconds
    return _bounded(seconds * NANOSECONDS + int((fraction or "").ljust(9, "0")))


def day(text: str) -> date:
    """Return the date of `yyyy-[M]M-[d]d`. Raises ValueError."""
    written = _DATE.fullmatch(text)
    if written is None:
        raise ValueError(text)
    year, month, day_of_month = map(int, written.groups())
    return date(year, month, day_of_month)


def _from_epoch(text: str) -> int:
    try:
        number = Decimal(text) if _NUMBER.fullmatch(text) else Decimal("NaN")
    except InvalidOperation:  # an exponent that Decimal does not hold
        raise ValueError(text) from None
    # Compared before it is written out: an exponent can stand for a billion digits.
    if number.is_nan() or number.copy_abs() >= _LIMIT_NS:
        raise ValueError(text)
    scale = NANOSECONDS if abs(number) < _MILLISECONDS_FROM else NANOSECONDS // 1000
    return _bounded(round(number * scale))


def _bounded(nanoseconds: int) -> int:
    if not -_LIMIT_NS <= nanoseconds < _LIMIT_NS:
        raise ValueError(nanoseconds)
    return nanoseconds
