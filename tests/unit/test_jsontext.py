"""JSON is RFC 8259 and nothing else, and comes out as it went in (D01 to D06)."""

import json
from decimal import Decimal

import pytest

from chalicelib import jsontext, limits
from tests import json_corpus


def code_of(text: bytes) -> str:
    with pytest.raises(jsontext.NotJson) as refusal:
        jsontext.loads(text)
    with pytest.raises(jsontext.NotJson) as exact_refusal:
        jsontext.loads_exact(text)
    assert exact_refusal.value.code == refusal.value.code
    return refusal.value.code


@pytest.mark.parametrize("text", json_corpus.VALID, ids=repr)
def test_d01_d02_d03_valid_json_is_read_with_every_digit(text: bytes) -> None:
    exact = json.loads(text, parse_int=Decimal, parse_float=Decimal)
    again = json.loads(jsontext.dumps(jsontext.loads_exact(text)), parse_int=Decimal, parse_float=Decimal)
    if b"." not in text and b"e-" not in text:
        assert again == exact
    else:
        assert json.loads(jsontext.dumps(jsontext.loads(text))) == json.loads(text)


@pytest.mark.parametrize("text", json_corpus.MALFORMED + json_corpus.BROKEN_BY_A_LINE_BREAK, ids=repr)
def test_d01_d02_d06_what_is_not_json_is_refused(text: bytes) -> None:
    assert code_of(text) == "MalformedJson"


@pytest.mark.parametrize("text", json_corpus.NOT_UTF8, ids=repr)
def test_d01_bytes_that_are_not_utf8_are_named_so(text: bytes) -> None:
    assert code_of(text) == "InvalidUtf8"


@pytest.mark.parametrize("text", json_corpus.TOO_DEEP, ids=lambda text: f"{text[:6]!r}-{len(text)}")
def test_d04_nesting_over_the_limit_is_refused_before_any_parser_overflows(text: bytes) -> None:
    assert code_of(text) == "TooDeep"


def test_d04_brackets_inside_strings_do_not_count_as_nesting() -> None:
    text = b'{"a":"' + b"[{" * 1000 + b'\\"[", "b":[[]]}'
    assert jsontext.loads(text)["b"] == [[]]


@pytest.mark.parametrize("digits", [16, 18, 19, 20, 21, 40, 309, 4299, 4300, 4301, 6000])
def test_d03_an_integer_of_any_length_keeps_every_digit(digits: int) -> None:
    for text in (b"9" * digits, b"-" + b"9" * digits, b"1" + b"0" * (digits - 1)):
        assert jsontext.dumps({"n": jsontext.loads_exact(text)}) == b'{"n":' + text + b"}"


def test_d02_a_number_beyond_a_double_is_a_decimal_and_is_written_back() -> None:
    value = jsontext.loads_exact(b'{"n":-1.5e400,"tiny":1e-400,"zero":-0.0}')
    assert value["n"] == Decimal("-1.5e400")
    assert json.loads(jsontext.dumps(value), parse_float=Decimal)["n"] == Decimal("-1.5e400")


@pytest.mark.parametrize("value", [object(), {1, 2}, Decimal("NaN"), Decimal("Infinity"), {1: 2}, {"a": 1j}])
def test_dumps_refuses_what_is_not_json(value: object) -> None:
    with pytest.raises(TypeError):
        jsontext.dumps(value)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (b'{"a":"}"},1', 9),
        (b'{"a":"\\"}"}x', 11),
        (b'"a,]",2', 5),
        (b'"\\\\",2', 4),
        (b"12.5e3]", 6),
        (b"[[],{}] ", 7),
        (b"true,", 4),
    ],
)
def test_the_end_of_a_value_is_found_by_its_brackets_and_quotes(text: bytes, end: int) -> None:
    assert jsontext.end_of_value(text, 0) == end
    assert jsontext.end_of_value(b"[" + text, 1) == end + 1


@pytest.mark.parametrize("text", [b"", b"[", b'"', b'{"a":"}', b"]", b",", b" 1", b"[" * 65 + b"]" * 65])
def test_a_value_without_an_end_has_none(text: bytes) -> None:
    assert jsontext.end_of_value(text, 0) is None


def test_d04_the_deepest_value_allowed_has_an_end() -> None:
    text = b"[" * limits.DEPTH_MAX + b"]" * limits.DEPTH_MAX
    assert jsontext.end_of_value(text, 0) == len(text)


def test_t11_one_line_takes_out_line_breaks_and_outer_space_only() -> None:
    assert jsontext.one_line(b'\r\n {"a" :\n\t[1 ,\r\n2]}\t ') == b'{"a" :\t[1 ,2]}'


@pytest.mark.parametrize("exponent", [b"e999999999999999999", b"e1000000000000000000", b"e" + b"9" * 4400])
def test_d02_an_exponent_beyond_every_number_type_is_no_crash(exponent: bytes) -> None:
    text = b'{"n":-1' + exponent + b"}"
    try:
        value = jsontext.loads_exact(text)
    except jsontext.NotJson:
        return
    assert b"e" + exponent[1:] in jsontext.dumps(value).lower().replace(b"+", b"")


@pytest.mark.parametrize("depth", [65, 300, 900, 5000])
@pytest.mark.parametrize("leaf", [b"1e400", b"7" * 5000, b'"\\ud800"'])
def test_d04_the_depth_is_checked_whatever_else_the_text_holds(depth: int, leaf: bytes) -> None:
    assert code_of(b'{"a":' * depth + leaf + b"}" * depth) in {"TooDeep", "MalformedJson"}


def test_d06_a_lone_surrogate_in_a_duplicate_key_is_refused_too() -> None:
    assert code_of(b'{"a":"\\ud800","a":1}') == "MalformedJson"
