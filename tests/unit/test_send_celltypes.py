"""`--types` (failure mode S05): what is declared and nothing else; a digit is never lost."""

import json

import pytest

from headgate.send import celltypes
from headgate.send.errors import UsageError


@pytest.mark.parametrize(
    ("kind", "cell", "text"),
    [
        ("string", "007", '"007"'),
        ("int", "42", "42"),
        ("int", "+007", "7"),
        ("int", "-0", "-0"),
        ("int", "9" * 5000, "9" * 5000),
        ("number", "0.10000000000000000555", "0.10000000000000000555"),
        ("number", "-.5", "-0.5"),
        ("number", "5.", "5"),
        ("number", "1E+3", "1E+3"),
        ("decimal-comma", "1234,50", "1234.50"),
        ("decimal-comma", "7", "7"),
        ("bool", "TRUE", "true"),
        ("json", '{"a":\n1}', '{"a": 1}'),
        ("int?", "", "null"),
        ("int?", "3", "3"),
        ("time:%d.%m.%Y %H:%M", "03.04.2024 05:06", '"2024-04-03T05:06:00"'),
        ("time:%Y-%m-%dT%H:%M:%S%z", "2024-04-03T05:06:07+09:00", '"2024-04-03T05:06:07+09:00"'),
        ("time?:%Y", "", "null"),
    ],
)
def test_a_cell_becomes_what_its_type_says_s05(kind: str, cell: str, text: str) -> None:
    assert celltypes.encoder(kind)(cell) == text


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("int", ""),
        ("int", "1.0"),
        ("int", "1,000"),
        ("int", "\u0661"),
        ("int", " 1"),
        ("number", "1,5"),
        ("number", "."),
        ("number", "-"),
        ("number", "e5"),
        ("number", "NaN"),
        ("number", "Infinity"),
        ("number", "0x10"),
        ("decimal-comma", "1.234,5"),
        ("decimal-comma", "1,2,3"),
        ("bool", "1"),
        ("bool", "yes"),
        ("json", "{"),
        ("json", "NaN"),
        ("json", '"a\nb"'),
        ("time:%Y-%m-%d", "03.04.2024"),
    ],
)
def test_anything_else_is_refused_and_not_guessed_s05(kind: str, cell: str) -> None:
    with pytest.raises(ValueError, match=r"not|neither"):
        celltypes.encoder(kind)(cell)


def test_declarations_are_pairs_a_time_alone_or_a_json_object() -> None:
    declared = ["a=int,b=number?", "at=time:%d, %m %Y", json.dumps({"c,=": "bool"})]
    assert celltypes.parse(declared) == {"a": "int", "b": "number?", "at": "time:%d, %m %Y", "c,=": "bool"}


@pytest.mark.parametrize(
    "text",
    ["a", "=int", "a=", "a=float64", "a=time", "a=int:x", "at=time:%Q", "at=time:%Y %Y", "{", '{"a": 1}'],
)
def test_a_wrong_declaration_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--types"):
        celltypes.parse([text])


def test_a_column_is_declared_once() -> None:
    with pytest.raises(UsageError, match="'a' is declared twice"):
        celltypes.parse(["a=int", "a=bool"])
