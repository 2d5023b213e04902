"""Text in columns: East Asian and combining characters line up, and a wide table is cut to the terminal."""

import io
import unicodedata

import pytest

from headgate.terminal import Printer, columns_of, counted, fit


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("abc", 3),
        ("한글", 4),
        (unicodedata.normalize("NFD", "한글"), 4),
        ("e\u0301", 1),
        ("日本", 4),
        ("ｱ", 1),
        ("\uff21", 2),
        ("a\u200bb", 2),
        ("", 0),
    ],
)
def test_a_text_takes_the_columns_that_a_terminal_gives_it(text: str, columns: int) -> None:
    assert columns_of(text) == columns


@pytest.mark.parametrize("columns", range(1, 12))
@pytest.mark.parametrize(
    "text", ["plain text that is long", "한국어 문장", "a한b글c", "e\u0301e\u0301e\u0301", ""]
)
def test_what_is_fitted_has_exactly_its_columns(text: str, columns: int) -> None:
    assert columns_of(fit(text, columns)) == columns
    assert columns_of(fit(text, columns, right=True)) == columns


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_table_fits_the_terminal_and_says_where_it_is_cut(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    Printer(out).table([["N", "TEXT", "MORE"], ["1", "가나다" * 40, "x" * 300], ["22", "b", "y"]], right=(0,))
    lines = out.getvalue().splitlines()
    assert all(columns_of(line) <= columns for line in lines)
    assert lines[1].count("…") == 2
    assert lines[1].startswith(" 1  가")


def test_a_table_in_a_file_is_whole() -> None:
    out = io.StringIO()
    Printer(out).table([["A"], ["x" * 500]])
    assert "x" * 500 in out.getvalue()


def test_a_noun_agrees_with_its_number() -> None:
    assert [counted(n, "line") for n in (0, 1, 1500)] == ["0 lines", "1 line", "1,500 lines"]
    assert counted(2, "copy") == "2 copies"
