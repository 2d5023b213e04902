"""The SQL views over the table of curated/, in Athena's dialect, and how the Glue catalog holds them.

`curated` shows the envelope's columns whatever the format, `events` shows each event once, and each event
type with a JSON Schema has a view with typed columns. Pure: called by delivery.py for the template and by
`infra views`, which prints the statements.

Source: Trino, JSON functions (json_extract_scalar gives null where a path or the text does not fit) and
string functions (strpos and substr count characters, from 1). A view in the catalog is Athena's own form:
`/* Presto View: <base64 of JSON> */`, see `aws glue get-table` of any view that Athena has made, and
io.trino.plugin.hive.ViewReaderUtil.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from headgate.infra.template.intrinsics import Json, ref, resource

COLUMNS = ("event_id", "received_at", "type", "shard_id", "sequence_number", "event")
"""The envelope, all text.

`event` is the JSON as sent, so that no producer's new field can break a reader (F09).
"""
FOLDERS = ("dt", "hour")
LINE = "line"
"""The one column of an NDJSON table."""

_EVENT = ',"event":'  # a quote inside a JSON string is escaped, so nothing before the event holds it
_CASTS = {"integer": "bigint", "number": "double", "boolean": "boolean"}
_NOT_NAME = re.compile(r"[^a-z0-9]+")


class View(NamedTuple):
    """A view: its SELECT, and its columns with their types of Athena."""

    name: str
    select: str
    columns: dict[str, str]


def envelope_view(name: str, table: str, *, is_text: bool) -> View:
    """Make the view of the envelope over a table: of lines (`is_text`), or of a columnar format's columns."""
    columns = dict.fromkeys((*COLUMNS, *FOLDERS), "varchar")
    if not is_text:
        return View(name, f"SELECT {', '.join(columns)}\nFROM {table}", columns)
    at = f"strpos({LINE}, '{_EVENT}')"
    scalars = ",\n    ".join(f"json_extract_scalar(head, '$.{each}') AS {each}" for each in COLUMNS[:-1])
    select = f"""SELECT
    {scalars},
    event,
    dt,
    hour
FROM (
    SELECT
        substr({LINE}, 1, {at} - 1) || '}}' AS head,
        substr({LINE}, {at} + {len(_EVENT)}, length({LINE}) - {at} - {len(_EVENT)}) AS event,
        dt,
        hour
    FROM {table}
    WHERE {at} > 0
) AS cut"""  # noqa: S608 - every name in it is ours or a setting, which has its own check
    return View(name, select, columns)


def events_view(curated: View) -> View:
    """Make the view that shows each event once a day: of its copies, the one that arrived first."""
    select = f"""SELECT {", ".join(curated.columns)}
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY dt, event_id
            ORDER BY received_at, length(sequence_number), sequence_number
        ) AS copy
    FROM {curated.name}
) AS numbered
WHERE copy = 1"""  # noqa: S608 - every name in it is ours or a setting, which has its own check
    return View("events", select, curated.columns)


def typed_view(events: View, slug: str, schema: Mapping[str, Any]) -> View:
    """Make the view of one event type: a typed column for each property that its JSON Schema names.

    A value of another type is null, never an error. Objects and arrays are JSON text.
    """
    columns: dict[str, str] = {"event_id": "varchar", "received_at": "varchar"}
    parts = list(columns)
    properties = schema.get("properties")
    for name, about in (properties if isinstance(properties, Mapping) else {}).items():
        if not name or not name.isprintable():  # Trino's paths have no escape for a control character
            continue
        column = _unused(_NOT_NAME.sub("_", name.lower()).strip("_") or "field", columns)
        value, columns[column] = _typed(name, about)
        parts.append(f'{value} AS "{column}"')
    for each in ("event", *FOLDERS):
        column = _unused(each, columns)
        columns[column] = "varchar"
        parts.append(each if column == each else f'{each} AS "{column}"')
    listed = ",\n    ".join(parts)
    select = f"SELECT\n    {listed}\nFROM {events.name}\nWHERE {_is_type(slug, properties)}"
    return View(f"event_{_NOT_NAME.sub('_', slug).strip('_') or 'type'}", select, columns)


def statements(views: list[View]) -> str:
    """Return the CREATE VIEW statements, in an order in which each finds what it reads."""
    return "\n\n".join(f"CREATE OR REPLACE VIEW {view.name} AS\n{view.select};" for view in views)


def catalog_view(view: View, database: str) -> Json:
    """Make a view as a resource of the template."""
    definition = {
        "originalSql": view.select,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": name, "type": kind} for name, kind in view.columns.items()],
    }
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    hive = {"varchar": "string"}
    table = {
        "Name": view.name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": f"/* Presto View: {encoded} */",
        "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {
            "Columns": [{"Name": n, "Type": hive.get(kind, kind)} for n, kind in view.columns.items()],
            "SerdeInfo": {},
        },
    }
    properties = {"CatalogId": ref("AWS::AccountId"), "DatabaseName": ref("Database"), "TableInput": table}
    return resource("AWS::Glue::Table", properties)


def _typed(name: str, about: object) -> tuple[str, str]:
    """Return the expression of a property's value, and its type."""
    path = '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''") + '"'
    kinds = about.get("type") if isinstance(about, Mapping) else None
    kinds = [kind for kind in ([kinds] if isinstance(kinds, str) else kinds or ()) if kind != "null"]
    scalar = f"json_extract_scalar(event, '$[{path}]')"
    if kinds == ["string"]:
        return scalar, "varchar"
    if len(kinds) == 1 and kinds[0] in _CASTS:
        return f"TRY_CAST({scalar} AS {_CASTS[kinds[0]]})", _CASTS[kinds[0]]
    return f"json_format(json_extract(event, '$[{path}]'))", "varchar"


def _is_type(slug: str, properties: object) -> str:
    """Return the condition for a type: its name where the schema has it as a constant, or else its slug."""
    about = properties.get("type") if isinstance(properties, Mapping) else None
    name = about.get("const") if isinstance(about, Mapping) else None
    if isinstance(name, str):
        return "type = '{}'".format(name.replace("'", "''"))
    return f"trim(BOTH '-' FROM regexp_replace(lower(type), '[^\\p{{L}}\\p{{N}}]+', '-')) = '{slug}'"


def _unused(name: str, columns: Mapping[str, str]) -> str:
    """Return a name that no column has: columns differ in more than their case, unlike keys."""
    number, found = 1, name
    while found in columns:
        number += 1
        found = f"{name}_{number}"
    return found
