"""CSV to rows (failure modes S01 and S02): strict reading, one event a row, every refusal with its place."""

import io
import json

import pytest

from headgate.send.csvrows import PARSER_CELL_MAX_CHARS, Dialect, read
from headgate.send.errors import UsageError
from headgate.send.rows import ROW_CODES, BadRow, EventRow


def rows_of(text: str, dialect: Dialect | None = None) -> list[EventRow | BadRow]:
    return list(read(io.StringIO(text, newline="").readline, dialect or Dialect()))


def events_of(text: str, dialect: Dialect | None = None) -> list[dict[str, object]]:
    return [json.loads(row.event) for row in rows_of(text, dialect) if isinstance(row, EventRow)]


def bad_of(text: str, dialect: Dialect | None = None) -> list[BadRow]:
    return [row for row in rows_of(text, dialect) if isinstance(row, BadRow)]


def test_each_row_becomes_an_object_of_strings_under_the_headers_names() -> None:
    assert events_of("a,b\n1,x\n2,y\n") == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


def test_quoted_delimiters_quotes_and_line_breaks_are_part_of_a_cell_s01() -> None:
    assert events_of('a,b\r\n"1,2","say ""hi""\nthere"\r\n') == [{"a": "1,2", "b": 'say "hi"\nthere'}]


def test_lf_crlf_and_cr_may_be_mixed_s01() -> None:
    assert [event["a"] for event in events_of("a\n1\r\n2\r3\n4")] == ["1", "2", "3", "4"]


def test_a_byte_order_mark_is_not_part_of_the_first_name_s01() -> None:
    assert events_of("\ufeffa\n1\n") == [{"a": "1"}]


def test_nul_and_control_characters_are_data_s01() -> None:
    assert events_of("a\nx\0y\x1f\n") == [{"a": "x\0y\x1f"}]


def test_an_empty_text_and_a_header_alone_have_no_rows_s01() -> None:
    assert rows_of("") == rows_of("a,b\n") == rows_of("\n\n") == []


def test_blank_lines_are_no_rows_and_do_not_count() -> None:
    assert [(row.number, row.line) for row in rows_of("a\n\n1\n\n\n2\n")] == [(1, 3), (2, 6)]


def test_a_row_knows_its_number_and_the_line_where_it_begins() -> None:
    assert [(row.number, row.line) for row in rows_of('a\n"x\ny"\nz\n')] == [(1, 2), (2, 4)]


@pytest.mark.parametrize("row", ["1", "1,2,3", ","])
def test_a_ragged_row_is_rejected_and_the_next_one_is_read_s02(row: str) -> None:
    rows = rows_of(f"a,b\n1,2\n{row},,\n3,4\n")
    assert [type(each) for each in rows] == [EventRow, BadRow, EventRow]
    bad = bad_of(f"a,b\n1,2\n{row},,\n3,4\n")[0]
    assert (bad.number, bad.line, bad.code, bad.raw) == (2, 3, "RaggedRow", f"{row},,")


@pytest.mark.parametrize(
    ("header", "code"), [("a,b,a", "DuplicateHeader"), ("a,,c", "EmptyHeader"), ("a,b,", "EmptyHeader")]
)
def test_a_duplicate_or_empty_header_rejects_the_header_and_sends_nothing_s02(header: str, code: str) -> None:
    (bad,) = rows_of(f"{header}\n1,2,3\n")
    assert isinstance(bad, BadRow)
    assert (bad.number, bad.code, bad.raw) == (0, code, header)


def test_a_column_called_type_and_a_type_for_every_event_do_not_go_together() -> None:
    (bad,) = rows_of("type,a\nx,1\n", Dialect(event_type="sale"))
    assert isinstance(bad, BadRow)
    assert bad.code == "DuplicateHeader"


def test_a_cell_over_the_csv_modules_limit_is_rejected_and_reading_goes_on_s02() -> None:
    text = f'a,b\n1,"{"x" * 99_999}\n{"y" * 100_000}"\n2,z\n'
    (bad,) = bad_of(text)
    assert (bad.number, bad.code, bad.pointer) == (1, "CellTooLong", "/b")
    assert events_of(text) == [{"a": "2", "b": "z"}]


def test_a_long_cell_is_sent_when_the_limit_is_raised() -> None:
    (event,) = events_of(f"a\n{'x' * 200_000}\n", Dialect(cell_max_chars=200_000))
    assert len(str(event["a"])) == 200_000


def test_a_cell_that_no_event_could_hold_is_given_up_and_reading_goes_on_s02() -> None:
    text = f"a\n{'x' * (PARSER_CELL_MAX_CHARS + 1)}\nz\n"
    assert [row.code for row in bad_of(text)] == ["CellTooLong"]
    assert events_of(text) == [{"a": "z"}]


def test_a_line_that_does_not_end_is_given_up_without_being_held_s02() -> None:
    sizes: list[int] = []
    pieces = iter(["a\n", *["x" * 4_000_000] * 5, "x\n", "z\n"])

    def readline(limit: int) -> str:
        sizes.append(limit)
        return next(pieces, "")

    rows = list(read(readline, Dialect()))
    assert [getattr(row, "code", "") for row in rows] == ["RowTooLong", ""]
    assert max(sizes) <= 4_000_000


@pytest.mark.parametrize("row", ['"x"y', '"x', 'a"b,"c"d'])
def test_quotes_that_do_not_pair_up_are_rejected_and_never_mended_s02(row: str) -> None:
    assert bad_of(f"a\n{row}\n")[0].code == "BadQuoting"


def test_with_quoting_off_a_quote_is_a_character() -> None:
    assert events_of('a\tb\n5" disk\t"x\n', Dialect(delimiter="\t", quote=None)) == [
        {"a": '5" disk', "b": '"x'}
    ]


def test_without_a_header_the_names_come_from_the_command_line() -> None:
    assert events_of("1,2\n", Dialect(header=False, fields=("a", "b"))) == [{"a": "1", "b": "2"}]


def test_names_from_the_command_line_replace_a_headers() -> None:
    assert events_of("a,a\n1,2\n", Dialect(fields=("x", "y"))) == [{"x": "1", "y": "2"}]


def test_the_type_of_every_event_can_be_set() -> None:
    assert events_of("a\n1\n", Dialect(event_type="sale")) == [{"type": "sale", "a": "1"}]


def test_a_cell_that_is_not_of_its_declared_type_is_rejected_with_a_pointer_s05() -> None:
    (bad,) = bad_of("n,a/b\n1,2\n1,x\n", Dialect(kinds=(("a/b", "int"),)))
    assert (bad.number, bad.code, bad.pointer) == (2, "TypeMismatch", "/a~1b")


def test_a_type_for_a_column_that_is_not_there_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="there is no column 'b'; the columns are: a"):
        rows_of("a\n1\n", Dialect(kinds=(("b", "int"),)))


def test_no_message_repeats_a_cell() -> None:
    for text in ("a\nsecret,x\n", 'a\n"secret"x\n'):
        assert all("secret" not in bad.message for bad in bad_of(text))


def test_every_code_is_explained() -> None:
    texts = ["a\n1,2\n", 'a\n"x\n', "a,a\n", "a,\n", f"a\n{'x' * 200_000}\n"]
    assert {bad.code for text in texts for bad in bad_of(text)} <= set(ROW_CODES)
