"""NDJSON to rows: the lines as they stand, and a type where one is asked for."""

import io

import pytest

from headgate.send.ndjsonrows import LINE_MAX_BYTES, read
from headgate.send.rows import BadRow, EventRow


def rows_of(text: bytes, event_type: str | None = None) -> list[EventRow | BadRow]:
    return list(read(io.BytesIO(text).readline, event_type))


def test_a_line_is_sent_as_it_stands_without_the_space_around_it() -> None:
    rows = rows_of(b'\xef\xbb\xbf{"a": 1.0}\r\n\n  {"a":1e2} \n')
    assert rows == [EventRow(1, 1, b'{"a": 1.0}'), EventRow(2, 3, b'{"a":1e2}')]


def test_a_line_that_is_not_json_is_left_for_the_endpoint_to_refuse() -> None:
    assert rows_of(b'{"a"\n\xff\n') == [EventRow(1, 1, b'{"a"'), EventRow(2, 2, b"\xff")]


def test_a_line_longer_than_any_event_is_rejected_and_the_next_one_is_read() -> None:
    rows = rows_of(b"x" * (3 * LINE_MAX_BYTES) + b'\n{"a":1}\n')
    assert [(row.number, row.line) for row in rows] == [(1, 1), (2, 2)]
    assert isinstance(rows[0], BadRow)
    assert rows[0].code == "RowTooLong"


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        (b'{"a": 1}', b'{"type":"x","a": 1}'),
        (b"{ }", b'{"type":"x"}'),
        (b'{"type":"x","a":1}', b'{"type":"x","a":1}'),
        (b"[1]", b"[1]"),
        (b'{"a"', b'{"a"'),
    ],
)
def test_a_type_is_put_in_front_of_an_objects_own_fields(line: bytes, sent: bytes) -> None:
    assert rows_of(line, "x") == [EventRow(1, 1, sent)]


def test_an_event_with_another_type_is_rejected_and_not_overwritten() -> None:
    (row,) = rows_of(b'{"type":"y"}', "x")
    assert isinstance(row, BadRow)
    assert (row.code, row.pointer) == ("TypeConflict", "/type")
