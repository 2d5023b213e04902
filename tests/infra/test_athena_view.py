"""F05, F09: the views of the template and of docs/athena.sql, run by DuckDB over lines with hostile keys.

The views are in Trino's dialect; its three JSON functions are macros here, all the rest is standard SQL.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chalicelib import envelope
from headgate.infra.commands.views import all_views
from headgate.infra.errors import InfraError
from headgate.infra.template.delivery import glue, views
from headgate.infra.template.views import COLUMNS, statements, typed_view
from headgate.settings import load_settings, parse_settings

ROOT = Path(__file__).parents[2]
PROD = load_settings(ROOT, "prod")
PATH = r"""regexp_replace(p, '^\$\["(.*)"\]$', '$."\1"')"""
SCALAR = f"CASE WHEN json_valid(j) THEN json_extract_string(j, {PATH}) END"
TRINO = (
    f"CREATE MACRO json_extract_scalar(j, p) AS {SCALAR}",
    f"CREATE MACRO json_extract(j, p) AS system.main.json_extract(j, {PATH})",
    "CREATE MACRO json_format(j) AS j::VARCHAR",
)
HOSTILE = [
    '{"id":1,"ID":2}',
    '{"type":"a","Type":"b"}',
    '{"a":1,"a":2}',
    '{"x":{"deep":{"k":1,"K":2,"k":3}}}',
    '{"":{"":[]},"a.b":1,"a b":"\u2028"}',
    '{"event":{"event_id":"not me"},"text":",\\"event\\":"}',
    '{"n":100000000000000000000.5,"p":1.10,"e":1e400}',
    '{"t":"\x7f\u0085\\u0001 |,\\\\N"}',
]


@pytest.fixture
def athena() -> Iterator[duckdb.DuckDBPyConnection]:
    """The stage's table, empty, and its views."""
    with duckdb.connect(":memory:") as connection:
        for macro in TRINO:
            connection.execute(macro)
        connection.execute("CREATE TABLE curated_ndjson (line VARCHAR, dt VARCHAR, hour VARCHAR)")
        connection.execute(statements(views(PROD)))
        yield connection


def _put(athena: duckdb.DuckDBPyConnection, event_id: str, event: str, **place: Any) -> None:
    origin = envelope.origin(place.get("arrival_s", 0.0), "shardId-0", place.get("number", "1"))
    line = envelope.wrap(event_id, place.get("type"), event.encode(), origin).decode().removesuffix("\n")
    athena.execute("INSERT INTO curated_ndjson VALUES (?, '2026-01-01', '00')", [line])


@pytest.mark.parametrize("event", HOSTILE)
def test_f09_an_event_with_hostile_keys_is_a_row_with_every_byte(
    athena: duckdb.DuckDBPyConnection, event: str
) -> None:
    _put(athena, 'id","event":{', event, type="a")
    _put(athena, "next", "{}")
    sql = "SELECT event_id, type, event, dt, hour FROM curated ORDER BY event = '{}'"
    assert athena.execute(sql).fetchall() == [
        ('id","event":{', "a", event, "2026-01-01", "00"),
        ("next", None, "{}", "2026-01-01", "00"),
    ]


def test_a_foreign_line_breaks_no_query(athena: duckdb.DuckDBPyConnection) -> None:
    for line in ("not json", "", "{", '{"event":1}', '{broken,"event":{}}'):
        athena.execute("INSERT INTO curated_ndjson VALUES (?, 'd', 'h')", [line])
    assert athena.execute("SELECT event_id FROM curated").fetchall() == [(None,)]


def test_f05_a_copy_is_shown_once_and_it_is_the_first_that_arrived(
    athena: duckdb.DuckDBPyConnection,
) -> None:
    for event_id, at_s, number in (("e1", 5.0, "1"), ("e1", 0.0, "10"), ("e1", 0.0, "9"), ("e2", 9.0, "11")):
        _put(athena, event_id, "{}", arrival_s=at_s, number=number)
    shown = athena.execute("SELECT event_id, sequence_number FROM events ORDER BY event_id").fetchall()
    assert shown == [("e1", "9"), ("e2", "11")]


def test_a_type_with_a_schema_has_typed_columns_and_a_value_that_does_not_fit_is_null(
    athena: duckdb.DuckDBPyConnection,
) -> None:
    properties = {
        "type": {"const": "order"},
        "count": {"type": "integer"},
        "price": {"type": ["number", "null"]},
        "paid": {"type": "boolean"},
        "items": {"type": "array"},
        "Count": {"type": "string"},
        "first name": {"type": "string"},
        "event_id": {"type": "string"},
        "o'brien": {"type": "string"},
        "bad\x01": {"type": "string"},
    }
    view = typed_view(views(PROD)[1], "order", {"properties": properties})
    names = ["count", "price", "paid", "items", "count_2", "first_name", "event_id_2", "o_brien"]
    assert list(view.columns) == ["event_id", "received_at", "type", *names, "event", "dt", "hour"]
    athena.execute(statements([view]))
    good = '{"count":3,"price":1.5,"paid":true,"items":[1],"Count":"C","first name":"f","event_id":"x"}'
    _put(athena, "1", good, type="order")
    _put(athena, "2", '{"count":"many","price":{},"paid":"si"}', type="order")
    _put(athena, "3", "{}", type="other")
    sql = " ".join(("SELECT", ", ".join(names), "FROM event_order ORDER BY event_id"))
    assert athena.execute(sql).fetchall() == [
        (3, 1.5, True, "[1]", "C", "f", "x", None),
        (None, None, None, None, None, None, None, None),
    ]


def test_a_schema_without_the_types_name_goes_by_its_slug() -> None:
    view = typed_view(views(PROD)[1], "page-view", {})
    assert view.name == "event_page_view"
    assert view.select.endswith("'-')) = 'page-view'")


def test_a_schema_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "chalicelib" / "schemas").mkdir(parents=True)
    (tmp_path / "chalicelib" / "schemas" / "bad.json").write_text("{")
    with pytest.raises(InfraError, match=r"bad\.json cannot be read"):
        all_views(tmp_path, PROD)


@pytest.mark.parametrize("name", ["ndjson", "parquet", "orc"])
def test_the_catalog_holds_the_views_in_athenas_form_and_each_format_has_its_own_table(name: str) -> None:
    settings = parse_settings("dev", {"curated": {"format": name}}, source="test")
    made = glue(settings)
    table = made["Table"]["Properties"]["TableInput"]
    assert table["Name"] == f"curated_{name}"
    assert [each["Name"] for each in table["StorageDescriptor"]["Columns"]] == (
        ["line"] if name == "ndjson" else list(COLUMNS)
    )
    for logical, view in zip(("CuratedView", "EventsView"), views(settings), strict=True):
        held = made[logical]["Properties"]["TableInput"]
        text = held["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
        definition = json.loads(base64.b64decode(text))
        assert (definition["originalSql"], held["TableType"]) == (view.select, "VIRTUAL_VIEW")
        assert [each["name"] for each in definition["columns"]] == [
            each["Name"] for each in held["StorageDescriptor"]["Columns"]
        ]


def test_the_documented_statements_are_the_stages() -> None:
    text = (ROOT / "docs" / "athena.sql").read_text("utf-8")
    sql = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
    assert sql == statements(views(PROD))
