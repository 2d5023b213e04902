"""What a person types: times and conditions; and what is printed for them."""

import argparse
import io

import pytest

from headgate.read import condition, wanted
from headgate.readers.moments import moment, parse_moment, shown
from headgate.terminal import Printer, printable

NOW_S = 1_700_000_000.0


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [
        ("now", NOW_S),
        ("90s", NOW_S - 90),
        ("10m", NOW_S - 600),
        ("1.5h", NOW_S - 5400),
        ("7d", NOW_S - 604_800),
        ("2023-11-14T22:13:20Z", NOW_S),
        ("2023-11-14T22:13:20", NOW_S),
        ("2023-11-14T23:13:20.5+01:00", NOW_S + 0.5),
        ("2023-11-14", NOW_S - 80_000),
        ("1700000000.25", NOW_S + 0.25),
        ("10000000d", 0.0),
        ("1000-01-01", 0.0),
    ],
)
def test_times_in_all_forms_are_understood(text: str, expected_s: float) -> None:
    assert parse_moment(text, NOW_S) == expected_s


@pytest.mark.parametrize(
    "text", ["", "yesterday", "10", "10x", "2023-13-01", "-5m", "9999-12-31T23:00-10:00"]
)
def test_what_is_no_time_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"is no time; a time is 10m .* ISO 8601"):
        moment(text)


def test_every_time_that_is_understood_can_be_shown() -> None:
    for text in ("10000000d", "0001-01-01T00:00+14:00", "9999-12-31"):
        assert shown(moment(text))


def test_a_time_is_shown_as_in_the_envelope() -> None:
    assert shown(NOW_S + 0.0004) == "2023-11-14T22:13:20.000Z"


LINE = b'{"type":"a","shard_id":"s","event":{"type":"a","n":12345678901234567890,"deep":{"x":[{"y":true}]}}}'


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("type=a", True),
        ("type=b", False),
        ("n=12345678901234567890", True),
        ("event.n=12345678901234567890", True),
        ("deep.x.0.y=true", True),
        ("deep.x.1.y=true", False),
        ("nothing=", False),
        ("shard_id=s", True),
        ("deep.x.\u00b2=true", False),  # a digit to some, no number
    ],
)
def test_a_condition_looks_at_the_line_and_at_the_event_in_it(text: str, holds: bool) -> None:  # noqa: FBT001
    assert wanted(LINE, [condition(text)]) is holds


def test_all_conditions_have_to_hold() -> None:
    assert wanted(LINE, [condition("type=a"), condition("shard_id=s")])
    assert not wanted(LINE, [condition("type=a"), condition("shard_id=t")])


@pytest.mark.parametrize("text", ["type", "=a"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not FIELD=VALUE"):
        condition(text)


def test_no_event_can_command_a_terminal() -> None:
    assert printable("a\x1b]0;owned\x07b\u202ec\n") == "a\\x1b]0;owned\\x07b\\u202ec\\x0a"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Printer(_Terminal()).paint("x", "31") == "\x1b[31mx\x1b[0m"
    assert Printer(io.StringIO()).paint("x", "31") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Printer(_Terminal()).paint("x", "31") == "x"


def test_a_table_is_aligned_and_numbers_are_to_the_right() -> None:
    out = io.StringIO()
    Printer(out).table([["CODE", "LINES"], ["a", "1"], ["long code", "1,000"]], right=(1,))
    assert out.getvalue() == "CODE       LINES\na              1\nlong code  1,000\n"
