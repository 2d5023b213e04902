"""JSON arrays, and JSON values one after the other, to rows."""

import io
import json

import pytest

from headgate.send.jsonrows import BrokenJsonError, JsonRows, looks_like_json
from headgate.send.ndjsonrows import LINE_MAX_BYTES
from headgate.send.rows import BadRow, EventRow


def rows_of(text: bytes, event_type: str | None = None, step: int = 1 << 20) -> list[EventRow | BadRow]:
    file = io.BytesIO(text)
    return list(JsonRows(lambda limit: file.read(min(limit, step)), event_type).rows())


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1 << 20])
def test_each_element_of_an_array_is_an_event_with_its_own_bytes(step: int) -> None:
    text = b'\xef\xbb\xbf [ {"a": 1.00} ,{"b":"]},[\\""},\n7, "x,\\"y", true,\n {}]\n'
    assert rows_of(text, step=step) == [
        EventRow(1, 1, b'{"a": 1.00}'),
        EventRow(2, 1, b'{"b":"]},[\\""}'),
        EventRow(3, 2, b"7"),
        EventRow(4, 2, b'"x,\\"y"'),
        EventRow(5, 2, b"true"),
        EventRow(6, 3, b"{}"),
    ]


@pytest.mark.parametrize("step", [1, 5, 1 << 20])
def test_a_pretty_printed_element_loses_its_line_breaks_and_nothing_else(step: int) -> None:
    text = b'[\n  {\n    "a": 1e2,\n    "b": [\n 1 ]\n  },\r\n  {"c": "d  e"}\n]'
    assert rows_of(text, step=step) == [
        EventRow(1, 2, b'{    "a": 1e2,    "b": [ 1 ]  }'),
        EventRow(2, 7, b'{"c": "d  e"}'),
    ]


def test_objects_one_after_the_other_are_events_too() -> None:
    assert rows_of(b'{\n"a":1\n}\n{"b":2}') == [EventRow(1, 1, b'{"a":1}'), EventRow(2, 4, b'{"b":2}')]


@pytest.mark.parametrize("text", [b"", b" \n", b"[]", b"\n[ ]\n"])
def test_an_empty_array_has_no_rows(text: bytes) -> None:
    assert rows_of(text) == []


@pytest.mark.parametrize(
    ("text", "whole", "says"),
    [
        (b'[{"a":1}', 1, "never closed"),
        (b'[{"a":1},', 1, "has no end"),
        (b'[{"a":1} {"b":2}]', 1, "no comma"),
        (b'[{"a":1},]', 1, "has no end"),
        (b'[{"a":1},\n{"b":', 1, "line 2"),
        (b'{"a":1},{"b":2}', 1, "has no end"),
        (b'["' + b"x" * (2 * LINE_MAX_BYTES), 0, "line 1"),
    ],
)
def test_an_array_that_breaks_off_is_told_with_its_line_after_the_rows_before_it(
    text: bytes, whole: int, says: str
) -> None:
    rows = JsonRows(io.BytesIO(text).read).rows()
    assert [next(rows).number for _ in range(whole)] == list(range(1, whole + 1))
    with pytest.raises(BrokenJsonError, match=says):
        next(rows)


LONG = json.dumps({"a": '}]"\\' * (LINE_MAX_BYTES // 4), "b": [{}]}).encode()


@pytest.mark.parametrize("block_bytes", [7_919, 1 << 20])
@pytest.mark.parametrize(
    "long", [LONG, b'"' + b"x" * 3 * LINE_MAX_BYTES + b'"', b"[" + b"0," * LINE_MAX_BYTES + b"0]"], ids=len
)
def test_an_element_that_no_event_can_be_is_rejected_and_the_others_are_sent(
    long: bytes, block_bytes: int
) -> None:
    text = io.BytesIO(b'[{"n": 1},\n' + long + b',\n{"n": 3}]{"n": 4}')
    first, bad, third, fourth = JsonRows(lambda _: text.read(block_bytes)).rows()
    assert isinstance(bad, BadRow)
    assert (bad.number, bad.line, bad.code) == (2, 2, "RowTooLong")
    assert f"{len(long):,} bytes" in bad.message
    assert len(bad.raw) <= 4096
    assert [(row.number, row.line) for row in (first, third, fourth)] == [(1, 1), (3, 3), (4, 3)]


def test_an_element_that_is_nested_too_deeply_is_for_the_endpoint_to_refuse() -> None:
    deep = b"[" * 70 + b"]" * 70
    rows = rows_of(b'[{"n":1},' + deep + b',{"n":3}]')
    assert [row.event for row in rows if isinstance(row, EventRow)] == [b'{"n":1}', deep, b'{"n":3}']


def test_a_string_with_a_line_break_in_it_is_rejected_and_not_mended() -> None:
    bad, good = rows_of(b'[{"a": "x\ny"}, {"b": 1}]')
    assert isinstance(bad, BadRow)
    assert (bad.code, bad.raw) == ("MalformedJson", '{"a": "x\ny"}')
    assert good == EventRow(2, 2, b'{"b": 1}')


def test_a_type_is_put_in_front_of_an_elements_own_fields() -> None:
    assert rows_of(b'[{"a":1}]', "x") == [EventRow(1, 1, b'{"type":"x","a":1}')]


@pytest.mark.parametrize(
    ("head", "json"),
    [
        (b'[{"a":1}]', True),
        (b"\n [\n", True),
        (b"[]", True),
        (b'{\n  "a": 1\n}\n', True),
        (b'{"a":1}\n{"a":2}\n', False),
        (b'{"a":1}', False),
        (b'{"a"\n{"b":1}\n', False),
        (b"[id],[name]\n1,x\n", False),
        (b"a,b\n", False),
    ],
)
def test_an_array_is_known_by_its_first_characters_and_a_csv_header_in_brackets_is_none(
    head: bytes, *, json: bool
) -> None:
    assert looks_like_json(head) is json
