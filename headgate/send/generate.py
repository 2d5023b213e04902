"""`--generate`: made-up events from a template, for sample load without a file.

A template is a JSON object. A value that is an object with one key beginning with `$` is made anew for every
event; everything else is copied. Pure: randomness and the time come in. The whole template is checked first.
"""

import json
import random
import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from string import ascii_lowercase
from typing import Any

from headgate.send.batches import fingerprint
from headgate.send.errors import UsageError
from headgate.send.rows import BadRow, EventRow

# What can be made, for the help and the docs.
MAKERS: dict[str, str] = {
    "$choice": '["a", "b"]: one of the values; {"a": 9, "b": 1}: with weights',
    "$int": "[low, high]: a whole number, both ends included",
    "$float": "[low, high] or [low, high, digits]: a number",
    "$time": '"now", or seconds before now as [oldest, newest]: RFC 3339 in UTC, with milliseconds',
    "$seq": "first: a number that grows by one",
    "$uuid": "true: a random UUID",
    "$text": "[shortest, longest]: lower-case letters",
}
_AGE_MAX_S = 100 * 366 * 86_400  # of a made-up time; far from the ends of the calendar
_TEXT_MAX_CHARS = 100_000
Clock = Callable[[], datetime]
# Makes the value of event number n (from 0).
_Make = Callable[[int], object]


def read_template(text: str) -> dict[str, Any]:
    """Return the template as an object. Raises UsageError."""
    try:
        template = json.loads(text)
        json.dumps(template, ensure_ascii=False, allow_nan=False).encode()  # NaN, half surrogate pairs
    except (ValueError, RecursionError) as error:
        raise UsageError([f"--generate: the template is not JSON: {error}"]) from None
    if not isinstance(template, dict):
        raise UsageError(["--generate: the template must be a JSON object, one event"])
    return template


def generate(
    template: dict[str, Any], chance: random.Random, now: Clock, event_type: str | None = None
) -> Iterator[EventRow]:
    """Yield events without end. Raises UsageError with all mistakes of the template before the first one."""
    if event_type is not None:
        template = {"type": event_type} | {name: value for name, value in template.items() if name != "type"}
    problems: list[str] = []
    make = _compile(template, "", _Means(chance, now, problems))
    if problems:
        raise UsageError(problems)
    return _rows(make)


def _rows(make: _Make) -> Iterator[EventRow]:
    for index in count():
        event = json.dumps(make(index), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        yield EventRow(index + 1, index + 1, event.encode())


class _Means:
    """What the makers draw from, and where mistakes are collected."""

    def __init__(self, chance: random.Random, now: Clock, problems: list[str]) -> None:
        self.chance, self.now, self.problems = chance, now, problems


def _compile(value: object, pointer: str, means: _Means) -> _Make:
    if isinstance(value, list):
        makes = [_compile(each, f"{pointer}/{place}", means) for place, each in enumerate(value)]
        return lambda n: [make(n) for make in makes]
    if not isinstance(value, dict):
        return lambda _: value
    if any(name.startswith("$") for name in value):
        return _special(value, pointer, means)
    fields = {name: _compile(each, f"{pointer}/{name}", means) for name, each in value.items()}
    return lambda n: {name: make(n) for name, make in fields.items()}


def _special(value: dict[str, Any], pointer: str, means: _Means) -> _Make:
    (name, argument), *others = value.items()
    make = None if others else _maker(name, argument, means)
    if make is None:
        expected = MAKERS.get(name, f"one of {', '.join(MAKERS)}")
        means.problems.append(f"--generate: the template at {pointer or 'the top'}: {name} takes {expected}")
        return lambda _: None
    return make


def _maker(name: str, argument: Any, means: _Means) -> _Make | None:  # noqa: C901, PLR0911 - a table in the shape of code
    chance = means.chance
    match name, argument:
        case "$choice", [_, *_]:
            return lambda _: chance.choice(argument)
        case "$choice", dict() if argument and all(_is_number(w) and w > 0 for w in argument.values()):
            return lambda _: chance.choices(list(argument), list(argument.values()))[0]
        case "$int", [int(low), int(high)] if low <= high:
            return lambda _: chance.randint(low, high)
        case "$float", [low, high, *digits] if _is_range(low, high) and len(digits) <= 1:
            places = digits[0] if digits and isinstance(digits[0], int) else 3
            return lambda _: round(chance.uniform(low, high), places)
        case "$time", "now":
            return lambda _: _rfc3339(means.now())
        case "$time", [oldest, newest] if _is_range(0, newest) and _is_range(newest, oldest):
            if oldest < _AGE_MAX_S:
                return lambda _: _rfc3339(means.now() - timedelta(seconds=chance.uniform(newest, oldest)))
        case "$seq", int(first):
            return lambda n: first + n
        case "$uuid", True:
            return lambda _: str(uuid.UUID(int=chance.getrandbits(128), version=4))
        case "$text", [int(low), int(high)] if 0 <= low <= high <= _TEXT_MAX_CHARS:
            return lambda _: "".join(chance.choices(ascii_lowercase, k=chance.randint(low, high)))
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15  # noqa: PLR2004


def _is_range(low: object, high: object) -> bool:
    return _is_number(low) and _is_number(high) and low <= high  # type: ignore[operator]


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class GeneratedSource:
    """Made-up events: the same again, except for times, with the same seed and template."""

    repeatable = False
    emptiness = ""

    def __init__(
        self,
        template: dict[str, Any],
        now: Clock,
        *,
        seed: str | None = None,
        event_type: str | None = None,
        key: str | None = None,
    ) -> None:
        self.seed = seed or secrets.token_hex(4)
        self.fingerprint = fingerprint(secrets.token_hex(16), "generated")
        self.key = key or self.fingerprint
        self._template = template
        self._now = now
        self._event_type = event_type
        self.rows()  # a mistake in the template shows now

    def rows(self) -> Iterator[EventRow | BadRow]:
        """Yield events without end."""
        return generate(self._template, _chance(self.seed), self._now, self._event_type)

    def verify(self) -> None:
        """Do nothing: a template does not change."""

    def share(self) -> float | None:
        """Return None: there is no end."""
        return None

    def close(self) -> None:
        """Do nothing: no file is open."""


def _chance(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - sample data, not secrets
