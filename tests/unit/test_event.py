"""One event is checked as it came and stored as it came (D01 to D06, D09 to D12, T11)."""

import pytest

from chalicelib import event, limits
from chalicelib.errors import EventError
from tests import json_corpus


def refusal(text: bytes) -> EventError:
    outcome = event.parse(text, 7)
    assert isinstance(outcome, EventError)
    assert outcome.index == 7
    return outcome


def make_event(size_bytes: int, fill: str = "x") -> bytes:
    """An event of exactly so many bytes, of a text of `fill`."""
    left_bytes = size_bytes - len(b'{"a":""}')
    text = fill * (left_bytes // len(fill.encode()))
    return ('{"a":"%s"}' % (text + "." * (left_bytes - len(text.encode())))).encode()


@pytest.mark.parametrize("text", json_corpus.BROKEN_BY_A_LINE_BREAK, ids=repr)
def test_d01_t11_a_broken_token_is_not_mended_by_taking_out_its_line_break(text: bytes) -> None:
    assert refusal(b'{"a":' + text + b"}").code == "MalformedJson"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"[]", "an array"),
        (b'"a"', "a string"),
        (b"12", "a number"),
        (b"1e400", "a number"),
        (b"true", "a boolean"),
        (b"null", "null"),
    ],
)
def test_d01_a_value_of_another_kind_is_named(text: bytes, kind: str) -> None:
    error = refusal(text)
    assert (error.code, error.message) == ("NotAnObject", f"An event is a JSON object, not {kind}.")


@pytest.mark.parametrize("fill", ["x", "가", "\U0001f600"])
@pytest.mark.parametrize("over_bytes", [-1, 0, 1])
def test_d09_the_limit_is_in_bytes_and_exact(over_bytes: int, fill: str) -> None:
    text = make_event(limits.EVENT_MAX_BYTES + over_bytes, fill)
    outcome = event.parse(b" " * 99 + text + b"\r\n" * 99, 0)
    if over_bytes <= 0:
        assert not isinstance(outcome, EventError)
        assert outcome[1] == text
    else:
        assert isinstance(outcome, EventError)
        assert outcome.code == "EventTooLarge"
        assert "1000001" in outcome.message
        assert "1000000" in outcome.message


def test_d10_d11_d12_odd_names_formulas_and_clocks_are_data() -> None:
    text = b'{"__proto__":{"x":1},"constructor":"=cmd|\' /C calc\'!A0","time":"1601-01-01","":null,"type":7}'
    found = event.parse(text, 0)
    assert not isinstance(found, EventError)
    value, _ = found
    assert list(value) == ["__proto__", "constructor", "time", "", "type"]
    assert event.type_of(value) is None


@pytest.mark.parametrize(("chars", "code"), [(256, None), (257, "TypeTooLong")])
def test_a_type_that_would_not_fit_the_envelope_is_refused_at_its_pointer(
    chars: int, code: str | None
) -> None:
    outcome = event.parse(('{"type":"%s"}' % ("가" * chars)).encode(), 0)
    found = (outcome.code, outcome.pointer) if isinstance(outcome, EventError) else None
    assert found == (None if code is None else (code, "/type"))


def test_an_error_never_repeats_the_events_own_text() -> None:
    for text in (
        b'{"password":"hunter2"',
        b'{"hunter2"}',
        b'{"a":hunter2}',
        b'"hunter2"',
        b'{"a":"\\uhunter2"}',
    ):
        assert "hunter2" not in refusal(text).message


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/user/id", "u1"),
        ("/n", "12345678901234567890123"),
        ("/list/1", "two"),
        ("/list/9", None),
        ("/list/x", None),
        ("/a~1b", "slash"),
        ("/a~0b", "tilde"),
        ("/user", None),
        ("/list", None),
        ("/none", None),
        ("/empty", ""),
        ("/yes", "true"),
        ("/half", "0.5"),
        ("/missing/deeper", None),
        ("/n/deeper", None),
    ],
)
def test_the_text_at_a_pointer_is_that_of_a_scalar_or_none(pointer: str, text: str | None) -> None:
    value = {
        "user": {"id": "u1"},
        "n": 12345678901234567890123,
        "list": ["one", "two"],
        "a/b": "slash",
        "a~b": "tilde",
        "none": None,
        "empty": "",
        "yes": True,
        "half": 0.5,
    }
    assert event.text_at(value, pointer) == text


@pytest.mark.parametrize("number", [b"1e99999999999999999999", b"1e400", b"7" * 4301])
def test_d02_the_ordering_key_of_an_absurd_number_is_the_same_each_time(number: bytes) -> None:
    keys = set()
    for _ in range(2):
        found = event.parse(b'{"k":' + number + b"}", 0)
        assert not isinstance(found, EventError)
        keys.add(event.text_at(found[0], "/k"))
    assert len(keys) == 1
    assert " at 0x" not in str(keys)
