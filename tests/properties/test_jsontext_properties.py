"""JSON at random: we accept what RFC 8259 allows and change nothing of it (D01 to D06, T11)."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import jsontext, limits
from tests.json_strategies import EVENTS, SPACES, VALUES, nearly

TEXTS = st.one_of(
    VALUES.map(str.encode), EVENTS, nearly(VALUES.map(str.encode)), nearly(EVENTS), st.binary(max_size=12)
)


def no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def strings_in(pairs: Any) -> Iterator[str]:
    """Every string of a value whose objects are lists of pairs, so that no repeated key is lost."""
    if isinstance(pairs, str):
        yield pairs
    elif isinstance(pairs, list | tuple):
        for item in pairs:
            yield from strings_in(item)


def is_json(text: bytes) -> bool:
    """The standard library's verdict, in its strictest mode, without lone surrogates."""
    try:
        value = json.loads(
            text.decode(),
            parse_constant=no_constant,
            parse_int=Decimal,
            parse_float=lambda _: 0.0,
            object_pairs_hook=list,
        )
        "".join(strings_in(value)).encode()
    except ValueError:
        return False
    return True


def is_accepted(text: bytes) -> bool:
    try:
        jsontext.loads_exact(text)
    except jsontext.NotJson:
        return False
    return True


@given(TEXTS)
@example(b"\xef\xbb\xbf{}")
@example("[]".encode("utf-16"))
@example(b'{"a":"\\ud800","a":1}')
def test_d01_d02_d06_we_accept_exactly_what_is_json(text: bytes) -> None:
    assert is_accepted(text) == is_json(text)


@given(TEXTS.filter(is_json))
def test_d03_everything_accepted_is_written_again_with_the_same_meaning(text: bytes) -> None:
    again = json.loads(jsontext.dumps(jsontext.loads_exact(text)))
    assert json.dumps(again) == json.dumps(json.loads(text))


@given(SPACES, VALUES, SPACES)
def test_t11_a_line_has_no_line_break_and_the_same_value(before: str, value: str, after: str) -> None:
    line = jsontext.one_line(f"{before}{value}{after}".encode())
    assert not set(line) & set(b"\r\n")
    assert line == line.strip()
    assert jsontext.dumps(jsontext.loads_exact(line)) == jsontext.dumps(jsontext.loads_exact(value.encode()))


@given(VALUES, st.sampled_from(["", ",1", "]", "}", " ]", "\n,", '"', ",["]))
def test_the_end_of_a_value_is_where_it_was_put(value: str, after: str) -> None:
    text = value.encode()
    assert jsontext.end_of_value(text + after.encode(), 0) == len(text)
    assert jsontext.end_of_value(b"[" + text + after.encode(), 1) == 1 + len(text)


@given(
    st.lists(st.sampled_from(["[", '{"a":', '[1,{"[":']), min_size=1, max_size=120),
    st.sampled_from(["1", "1e400", '"]"']),
)
def test_d04_the_depth_that_is_allowed_is_exact(opened: list[str], leaf: str) -> None:
    brackets = [character for piece in opened for character in piece.replace('"["', "") if character in "[{"]
    closed = "".join("]" if bracket == "[" else "}" for bracket in reversed(brackets))
    text = "".join(opened) + leaf + closed
    assert is_accepted(text.encode()) == (len(brackets) <= limits.DEPTH_MAX)
    assert jsontext.is_too_deep(text.encode()) == (len(brackets) > limits.DEPTH_MAX)
