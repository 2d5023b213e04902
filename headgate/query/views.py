"""The views that a query sees, as SQL over files on this machine: raw, curated, curated_dedup, quarantine.

Decides their columns and types; docs/query.md has the same views for Athena. Pure: it never opens a file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.readers.moments import shown
from headgate.readers.span import Span
from headgate.settings import prefixes

TABLES = ("raw", "curated", "quarantine")

_CURATED = {
    "event_id": "VARCHAR",
    "received_at": "VARCHAR",
    "type": "VARCHAR",
    "shard_id": "VARCHAR",
    "sequence_number": "VARCHAR",
    "event": "JSON",
    "dt": "VARCHAR",
    "hour": "VARCHAR",
}
_FOLDERS = ("dt", "hour")  # of the path, not of the line
_QUARANTINE = {
    "event_id": "VARCHAR",
    "received_at": "VARCHAR",
    "shard_id": "VARCHAR",
    "sequence_number": "VARCHAR",
    "line_number": "BIGINT",
    "code": "VARCHAR",
    "message": "VARCHAR",
    "pointer": "VARCHAR",
    "version": "VARCHAR",
    "line": "VARCHAR",
    "line_base64": "VARCHAR",
}
_RAW = {"line": "VARCHAR", "object": "VARCHAR"}

# Two copies of an event have one id. The copy that arrived first is kept, so that a replay changes nothing.
DEDUP = """SELECT * FROM curated
QUALIFY row_number() OVER (
    PARTITION BY event_id
    ORDER BY received_at, shard_id, length(sequence_number), sequence_number) = 1"""

# No line is quoted, and none is cut in two: \x01 is in no line that JSON or a log would have.
_AS_LINES = (
    "columns={'line': 'VARCHAR'}, delim='\x01', quote='', escape='', header=false, auto_detect=false, "
    "new_line='\\n', max_line_size=2097152, strict_mode=false, ignore_errors=true, filename='object'"
)


# The columns dt and hour, from `curated/dt=2026-10-01/hour=05/`.
_BY_FOLDER = "hive_partitioning=true, hive_types_autocast=false"


def statements(files: Mapping[str, Sequence[Path]], span: Span) -> list[str]:
    """The CREATE VIEW statements over the files of each table; a table without files is empty."""
    made = {
        "raw": _raw(files.get("raw", ())),
        "curated": _curated(files.get("curated", ()), span),
        "quarantine": _quarantine(files.get("quarantine", ()), span),
        "curated_dedup": DEDUP,
    }
    return [f"CREATE VIEW {name} AS {select}" for name, select in made.items()]


def _raw(files: Sequence[Path]) -> str:
    if not files:
        return _select("*", _empty({**_RAW, "event": "JSON"}))
    event = "CASE WHEN json_valid(line) THEN line::JSON END AS event"
    key = f"regexp_replace(object, '^.*?/{prefixes.RAW}', '{prefixes.RAW}') AS object"
    source = f"read_csv({_listed(files)}, {_AS_LINES})"
    return _select(f"line, {event}, {key}", source, "line IS NOT NULL AND trim(line) <> ''")


def _curated(files: Sequence[Path], span: Span) -> str:
    columnar = [file for file in files if file.suffix == ".parquet"]
    text = [file for file in files if file.suffix != ".parquet"]
    of_line = {name: kind for name, kind in _CURATED.items() if name not in _FOLDERS}
    sources = [_json(text, of_line)] if text else []
    if columnar:
        sources.append(f"read_parquet({_listed(columnar)}, {_BY_FOLDER})")
    names = ", ".join(_CURATED)
    parts = [_select(names, source) for source in sources or [_empty(_CURATED)]]
    return _timed(f"({' UNION ALL '.join(parts)})", span, ", event::JSON AS event")


def _quarantine(files: Sequence[Path], span: Span) -> str:
    names = ", ".join(_QUARANTINE)
    source = _json(files, _QUARANTINE) if files else _empty(_QUARANTINE)
    return _timed(f"({_select(names, source)})", span)


def _timed(source: str, span: Span, event: str = "") -> str:
    """`received_at` as a time (UTC), and only what arrived in the span."""
    # The text of a time sorts as the time does, so nothing is converted to be left out.
    bounds = [
        f"received_at {sign} '{shown(moment_s)}'"
        for sign, moment_s in ((">=", span.from_s), ("<", span.to_s))
        if abs(moment_s) != float("inf")
    ]
    inner = f"({_select('*', source, ' AND '.join(bounds))})"
    return _select(f"* REPLACE (received_at::TIMESTAMP AS received_at{event})", inner)


def _select(columns: str, source: str, where: str = "") -> str:
    return " ".join(("SELECT", columns, "FROM", source, *(("WHERE", where) if where else ())))


def _json(files: Sequence[Path], columns: Mapping[str, str]) -> str:
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return (
        f"read_json({_listed(files)}, format='newline_delimited', columns={{{listed}}}, "
        f"maximum_object_size=4194304, {_BY_FOLDER})"
    )


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join("'" + str(file).replace("'", "''") + "'" for file in files) + "]"


def _empty(columns: Mapping[str, str]) -> str:
    typed = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
    return f"(SELECT {typed} WHERE false)"
