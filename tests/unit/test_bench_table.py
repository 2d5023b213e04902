import pytest

from bench.cost import WAYS, dollars
from bench.events import EVENT_BYTES, body, compact, event, kinesis_event, lines
from bench.rounds import interleaved, ratio
from bench.table import MISSED, Goal, judge, show, times


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    assert ratio([1.0, 30.0, 2.0], [2.0, 10.0, 4.0]) == 0.5


def test_every_contestant_has_its_turn_in_every_round_and_the_first_does_not_count() -> None:
    turns: list[str] = []

    def measure(name: str) -> float:
        turns.append(name)
        return float(len(turns))

    samples = interleaved({"a": lambda: measure("a"), "b": lambda: measure("b")}, rounds=2)
    assert turns == ["a", "b", "b", "a", "a", "b"]
    assert samples == {"a": [4.0, 5.0], "b": [3.0, 6.0]}


def test_a_goal_that_is_missed_is_said_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge([Goal("fast", 0.4, 0.5)]) == 0
    assert judge([Goal("fast", 0.4, 0.5), Goal("small", 2.0, 1.0)]) == MISSED
    assert "small: 2 (at most 1): MISSED" in capsys.readouterr().out


def test_a_table_is_markdown_with_numbers_on_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    show(("what", "n"), [("a", "1"), ("long name", "1,000")])
    assert capsys.readouterr().out == (
        "\n| what      |     n |\n| --------- | ----: |\n| a         |     1 |\n| long name | 1,000 |\n"
    )


@pytest.mark.parametrize(("value", "shown"), [(0.01234, "0.0123x"), (1.0, "1x"), (123.4, "123x")])
def test_a_ratio_is_shown_with_three_digits(value: float, shown: str) -> None:
    assert times(value) == shown


def test_an_event_has_the_size_that_the_tables_name() -> None:
    assert {len(compact(event(number))) for number in (0, 7, 9_999)} == {EVENT_BYTES}
    assert body(2).count(b'"type"') == lines(2).count(b'"type"') == 2
    assert len(kinesis_event(3, 2)["Records"]) == 3


def test_a_batch_costs_less_in_every_part_than_one_request_per_event() -> None:
    one_each, *others = (dollars(way) for way in WAYS)
    for other in others:
        assert all(other[part] <= one_each[part] for part in one_each)
