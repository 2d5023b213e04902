"""What of a record reaches which column, byte for byte, and what has no place in the table."""

from datetime import date
from typing import Any

import pytest

from chalicelib.envelope import COLUMNS, origin, wrap
from headgate.local.firehose.columnar.rows import MALFORMED_DATA, PARSE_ERROR, Row, Table, make_table
from headgate.local.firehose.compress import Refusal, UnsupportedFormatError
from headgate.local.plan import local_plan
from headgate.settings import parse_settings

ENVELOPE = [{"Name": name, "Type": "string"} for name in COLUMNS]


def table(*columns: str, **serde: Any) -> Table:
    """A table of columns named a, b, … with these types."""
    named = [{"Name": chr(ord("a") + n), "Type": kind} for n, kind in enumerate(columns)]
    return make_table(named, serde)


def rows(made: Table, record: bytes) -> list[Row]:
    found = made.rows(record)
    assert not isinstance(found, Refusal), found
    return found


def refusal(made: Table, record: bytes) -> Refusal:
    found = made.rows(record)
    assert isinstance(found, Refusal), found
    return found


@pytest.mark.parametrize(
    "event",
    [
        '{"n":1.10,"m":1e400,"k":-0.0,"l":1E+2}',
        '{"n":12345678901234567890,"m":-98765432109876543210987654321}',
        '{ "Spaces" : [ 1 ,\t2 ] , "empty" : { } }',
        '{"a":1,"a":2,"A":1}',
        r'{"m":"a \"quote\" \u00e9 \/ \ud83d\ude00 }{ ]["}',
        '{"m":"안녕하세요 🙂"}',
        "[" * 64 + "]" * 64,
        '{"":{"":[]}}',
    ],
)
def test_a_string_column_keeps_the_bytes_of_the_object_that_was_sent(event: str) -> None:
    """D03, D05: no number is written anew, no key is reordered or dropped."""
    line = wrap("id/0#1", None, event.encode(), origin(1.7e9, "shardId-000000000000", "9" * 56))
    assert rows(make_table(ENVELOPE, {}), line) == [
        ("id/0#1", "2023-11-14T22:13:20.000Z", None, "shardId-000000000000", "9" * 56, event)
    ]


def test_the_table_of_the_template_is_one_that_can_be_written() -> None:
    settings = parse_settings("dev", {"curated": {"format": "parquet"}}, source="test")
    plan = local_plan(settings, "123456789012", "us-east-1")
    (made,) = plan.tables.values()
    names = [column.name for column in make_table(made["StorageDescriptor"]["Columns"], {}).columns]
    assert tuple(names) == COLUMNS


def test_a_record_may_hold_several_documents_but_no_array() -> None:
    """Source: developer guide, "Convert input data format"."""
    made = table("int")
    assert rows(made, b'{"a":1}{"a":2}\n {"a":3}\n') == [(1,), (2,), (3,)]
    assert refusal(made, b'[{"a":1},{"a":2}]').code == MALFORMED_DATA


@pytest.mark.parametrize("record", [b"", b" \n", b"17", b'"text"', b"null", b"[]", b'{"a":1} 2'])
def test_what_is_no_object_does_not_match_the_schema(record: bytes) -> None:
    assert refusal(table("int"), record).code == MALFORMED_DATA


@pytest.mark.parametrize(
    "record",
    [
        *(b"{", b"}", b'{"a"}', b'{"a":}', b'{"a":1,}', b'{"a":1', b"{'a':1}", b'{"a":01}', b'{"a":1]'),
        *(b'{"a":1}x', b'{"a":NaN}', b'{"a":"\n"}', b'{"a":"\xff"}', b'{"z":{"b":tru}}', b"nope", b"{,}"),
        b'{"a":' + b"[" * 200 + b"]" * 200 + b"}",
    ],
)
def test_what_is_not_json_is_a_parse_error(record: bytes) -> None:
    assert refusal(table("string"), record).code == PARSE_ERROR


def test_one_bad_document_refuses_its_record_whole() -> None:
    assert refusal(table("int"), b'{"a":1}{"a":"x"}{"a":3}').code == MALFORMED_DATA
    assert refusal(table("int"), b'{"a":1}{"a":').code == PARSE_ERROR


def test_a_refusal_names_the_column_and_keeps_the_value_to_itself() -> None:
    """I10: the value stands in rawData alone."""
    message = refusal(table("string", "bigint"), b'{"b":"secret"}').message
    assert "the column b" in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", '"a\\u00e9\\n"', "aé\n"),
        ("string", "1.10", "1.10"),
        ("string", "true", "true"),
        ("string", "[1, 2]", "[1, 2]"),
        ("string", "null", None),
        ("int", "-2147483648", -(2**31)),
        ("int", '" 17 "', 17),
        ("integer", "1", 1),
        ("tinyint", "127", 127),
        ("smallint", "-32768", -32768),
        ("bigint", "9223372036854775807", 2**63 - 1),
        ("double", "1e3", 1000.0),
        ("double", '"2.5"', 2.5),
        ("float", "-0.5", -0.5),
        ("boolean", "true", True),
        ("boolean", '"FALSE"', False),
        ("date", '"2024-2-29"', date(2024, 2, 29)),
        ("timestamp", '"2017-02-07T15:13:01.39256Z"', 1_486_480_381_392_560_000),
        ("timestamp", '"2017-2-7 15:13:01.14"', 1_486_480_381_140_000_000),
        ("timestamp", "1518033528", 1_518_033_528_000_000_000),
        ("timestamp", "1518033528123", 1_518_033_528_123_000_000),
        ("timestamp", "1518033528.123", 1_518_033_528_123_000_000),
        ("timestamp", '"1518033528"', 1_518_033_528_000_000_000),
        ("timestamp", '"1969-12-31T23:59:59.5Z"', -500_000_000),
        ("array<int>", "[1, null ,3]", [1, None, 3]),
        ("array<string>", "[]", []),
        ("array<string>", '"one"', ["one"]),
        ("array<array<string>>", '[["a"],[{"b": 1.0}]]', [["a"], ['{"b": 1.0}']]),
        ("map<string,int>", '{"B":1,"a":null}', [("B", 1), ("a", None)]),
        (
            "struct<x:int,y:struct<z:array<double>>>",
            '{"Y":{"z":[1,2.5]},"other":0}',
            {"x": None, "y": {"z": [1.0, 2.5]}},
        ),
    ],
)
def test_a_value_fits_its_column(kind: str, text: str, value: object) -> None:
    assert rows(table(kind), f'{{"a":{text}}}'.encode()) == [(value,)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            ("int", text)
            for text in ("2147483648", "1.5", "1e3", '"x"', '""', "true", "[1]", "{}", '"\uff11"')
        ),
        *(("bigint", text) for text in ("9223372036854775808", "9" * 5000, "12345678901234567890")),
        *(("double", text) for text in ("1e400", '"nan"', '"1_0"', "{}", "[]")),
        *(("boolean", text) for text in ("1", '"yes"', "{}")),
        *(("date", text) for text in ('"2023-02-29"', "20230101", "[]")),
        *(("timestamp", text) for text in ('"2026-9-7T12:00:02Z"', '"noon"', "true", "1e999999999", "{}")),
        *(
            ("timestamp", text)
            for text in ('"9999-01-01 00:00:00"', '"2023-13-01 00:00:00"', "1E9999999999999999999")
        ),
        ("array<int>", '["x"]'),
        ("struct<x:int>", '{"x":"y"}'),
        ("struct<x:int>", "[1]"),
        ("map<string,int>", "[]"),
    ],
)
def test_a_value_that_does_not_fit_refuses_its_record(kind: str, text: str) -> None:
    assert refusal(table(kind), f'{{"a":{text}}}'.encode()).code == MALFORMED_DATA


def test_a_missing_member_is_null_and_one_without_a_column_is_left_out() -> None:
    assert rows(table("string", "int"), b'{"b":2,"more":1}') == [(None, 2)]
    assert rows(table("string"), b"{}") == [(None,)]


def test_keys_meet_columns_as_the_deserializer_is_told() -> None:
    """Source: API reference, OpenXJsonSerDe."""
    assert rows(table("int"), b'{"A":1}') == [(1,)]
    assert rows(table("int", CaseInsensitive=False), b'{"A":1}') == [(None,)]
    assert rows(table("int", ColumnToJsonKeyMappings={"a": "Time"}), b'{"TIME":1,"a":2}') == [(1,)]
    dotted = make_table([{"Name": "a_b", "Type": "int"}], {"ConvertDotsInJsonKeysToUnderscores": True})
    assert rows(dotted, b'{"a.b":1}') == [(1,)]


@pytest.mark.parametrize(
    "kind",
    [
        "decimal(10,2)",
        "binary",
        "uniontype<int>",
        "array",
        "array<int",
        "map<int,int>",
        "struct<a>",
        "",
        "int>",
    ],
)
def test_a_type_that_is_not_offered_is_refused_with_what_is(kind: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"column a has the type.*choose one of string, tinyint"):
        table(kind)
