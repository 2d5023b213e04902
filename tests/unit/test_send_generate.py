"""Made-up events: checked before the first one, the same again with the same seed."""

import json
import random
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from headgate.send.errors import UsageError
from headgate.send.generate import MAKERS, generate, read_template

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def chance(seed: int = 1) -> random.Random:
    return random.Random(seed)  # noqa: S311 - sample data


def events(
    template: dict[str, Any], count: int = 200, seed: int = 1, event_type: str | None = None
) -> list[Any]:
    rows = generate(template, chance(seed), lambda: NOW, event_type)
    return [json.loads(row.event) for row in islice(rows, count)]


def values(maker: dict[str, Any]) -> list[Any]:
    return [event["x"] for event in events({"x": maker})]


def test_what_is_not_made_is_copied_at_any_depth() -> None:
    template = {"a": 1, "b": [None, {"c": "가"}], "d": {"e": {"$seq": 5}}}
    assert events(template, 2)[1] == {"a": 1, "b": [None, {"c": "가"}], "d": {"e": 6}}


def test_choices_numbers_and_times_stay_in_their_ranges() -> None:
    assert set(values({"$choice": ["a", None, 3]})) == {"a", None, 3}
    assert set(values({"$int": [1, 6]})) == {1, 2, 3, 4, 5, 6}
    assert all(0.5 <= x <= 0.7 for x in values({"$float": [0.5, 0.7, 2]}))
    assert set(values({"$time": "now"})) == {"2024-05-06T07:08:09.000Z"}
    assert all("2024-05-06T06:08" <= x <= "2024-05-06T07:08:09.000Z" for x in values({"$time": [3600, 0]}))
    assert all(2 <= len(x) <= 4 for x in values({"$text": [2, 4]}))
    assert len(set(values({"$uuid": True}))) == 200


def test_weights_decide_how_often() -> None:
    drawn = values({"$choice": {"often": 99, "rarely": 1}})
    assert drawn.count("often") > drawn.count("rarely")


def test_the_same_seed_makes_the_same_again() -> None:
    template = {"a": {"$int": [0, 10**9]}, "b": {"$uuid": True}}
    assert events(template, seed=7) == events(template, seed=7) != events(template, seed=8)


def test_a_type_is_set_over_the_templates() -> None:
    assert events({"type": "a", "n": 1}, 1, event_type="b") == [{"type": "b", "n": 1}]


@pytest.mark.parametrize(
    "maker",
    [
        {"$int": [6, 1]},
        {"$int": ["a", "b"]},
        {"$float": [1]},
        {"$choice": []},
        {"$choice": {"a": 0}},
        {"$time": "later"},
        {"$time": [0, 10]},
        {"$time": [1e300, 0]},
        {"$text": [0, 10**9]},
        {"$uuid": False},
        {"$nothing": 1},
        {"$int": [1, 2], "other": 1},
    ],
)
def test_a_wrong_maker_is_wrong_usage_with_its_place(maker: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="the template at /a/0: "):
        generate({"a": [maker]}, chance(), lambda: NOW)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(UsageError) as error:
        generate({name: {"$int": 1} for name in "abc"}, chance(), lambda: NOW)
    assert len(error.value.problems) == 3


@pytest.mark.parametrize(
    "text", ["", "[]", "3", '{"a": Infinity}', '{"a": "\\ud800"}', '{"a": 1e999}', "[" * 100_000]
)
def test_a_template_is_a_json_object(text: str) -> None:
    with pytest.raises(UsageError, match="template"):
        read_template(text)


def test_every_maker_is_explained() -> None:
    assert set(MAKERS) == {"$choice", "$int", "$float", "$time", "$seq", "$uuid", "$text"}
