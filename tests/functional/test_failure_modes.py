"""docs/failure-modes.md says which test shows what, and every row is shown by one."""

import pytest

from tools.failure_mode_rows import ROWS
from tools.failure_modes import PAGE, ROOT, Citation, citations, page

FAMILIES = {"G": 12, "D": 12, "K": 12, "T": 14, "F": 10}


@pytest.fixture(scope="module")
def cited() -> dict[str, list[Citation]]:
    return citations(ROOT / "tests")


def test_the_page_is_what_the_tests_say_today(cited: dict[str, list[Citation]]) -> None:
    assert PAGE.read_text("utf-8") == page(cited), "run python -m tools.docs"


def test_every_number_has_its_row_once() -> None:
    wanted = [f"{family}{n:02}" for family, count in FAMILIES.items() for n in range(1, count + 1)]
    assert [row.number for row in ROWS] == wanted


@pytest.mark.parametrize("number", [row.number for row in ROWS])
def test_a_row_is_shown_by_a_test_that_names_it(number: str, cited: dict[str, list[Citation]]) -> None:
    assert any(place.test for place in cited.get(number, [])), "a whole file is too vague"


def test_no_test_cites_a_number_that_does_not_exist(cited: dict[str, list[Citation]]) -> None:
    assert set(cited) <= {row.number for row in ROWS}
