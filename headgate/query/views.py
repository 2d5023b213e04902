"""The views that a query sees, as SQL over files on this machine: raw, curated, curated_dedup, quarantine.

Decides their columns and types; docs/query.md has the same views for Athena. Pure: it never opens a file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.readers.moments import shown
from headgate.readers.span import Span
from headgate.settings import prefixes

TABLES = ("raw", "curated", "quarantine")

# The envelope's columns but `event`, which is cut out of the line, so that it stays as it was sent.
_ENVELOPE = ("event_id", "received_at", "type", "shard_id", "sequence_number")
_QUARANTINE = (
    "event_id", "received_at", "shard_id", "sequence_number", "line_number", "code", "message", "pointer",
    "version", "line", "line_base64",
)  # fmt: skip
# In a curated line. A quote inside a JSON string is escaped, so nothing before the event holds it.
_START, _EVENT = '{"event_id":"', ',"event":'

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

# DuckDB reads a decimal number as a double when it takes it out of a JSON text: 1.10 becomes 1.1. So the
# operator ->> is ours: where its result holds a decimal, all decimals of the text become strings behind
# U+FFFF, which is no character, and are made numbers again in the result.
_STRING_OR_NUMBER = r'("(?:[^"\\]|\\.)*")|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)'
_MARKED = f"regexp_replace(document::VARCHAR, '{_STRING_OR_NUMBER}', '\\1' || chr(1) || '\\2' || chr(2), 'g')"
_TO_TEXT = (
    f"replace(replace(replace({_MARKED}, chr(1) || chr(2), ''), chr(1), '\"' || chr(65535)), chr(2), '\"')"
)
_TO_NUMBER = "regexp_replace(found, '\"?' || chr(65535) || '(-?[0-9.eE+-]+)\"?', '\\1', 'g')"
_FOUND = "system.main.json_extract_string(document, path)"
_EXACT = "system.main.json_extract_string(decimals_as_text(document), path)"
_ARROW = (
    f"CASE WHEN regexp_matches({_FOUND}::VARCHAR, '[0-9][.eE]') "
    f"THEN text_as_decimals({_EXACT}::VARCHAR) ELSE {_FOUND}::VARCHAR END"
)
_MACROS = (
    f"CREATE MACRO decimals_as_text(document) AS {_TO_TEXT}",
    f"CREATE MACRO text_as_decimals(found) AS {_TO_NUMBER}",
    f"""CREATE MACRO "->>"(document, path VARCHAR) AS {_ARROW}, (document, path BIGINT) AS {_ARROW},
    (document, path VARCHAR[]) AS {_FOUND}""",
)


def statements(files: Mapping[str, Sequence[Path]], span: Span) -> list[str]:
    """Return the SQL that makes the views over the files of each table; a table without files is empty."""
    made = {
        "raw": _raw(files.get("raw", ())),
        "curated": _curated(files.get("curated", ()), span),
        "quarantine": _quarantine(files.get("quarantine", ()), span),
        "curated_dedup": DEDUP,
    }
    return [*_MACROS, *(f"CREATE VIEW {name} AS {select}" for name, select in made.items())]


def _raw(files: Sequence[Path]) -> str:
    event = "CASE WHEN json_valid(line) THEN line::JSON END AS event"
    key = f"regexp_replace(object, '^.*?/{prefixes.RAW}', '{prefixes.RAW}') AS object"
    return _select(f"line, {event}, {key}", _lines(files), "trim(line) <> ''")


def _curated(files: Sequence[Path], span: Span) -> str:
    """Lines of our envelope; a line that is none, which somebody else put there, is left out."""
    at = f"strpos(line, '{_EVENT}')"
    text = _lines([file for file in files if file.suffix != ".parquet"])
    cut = f"substr(line, {at} + {len(_EVENT)}, length(line) - {at} - {len(_EVENT)})"
    cut = _select(
        f"left(line, {at} - 1) || '}}' AS head, {cut} AS event, object",
        text,
        f"starts_with(line, '{_START}') AND {at} > 0",
    )
    parts = [_select(f"{_members('head', _ENVELOPE)}, event, object", f"({cut})")]
    if columnar := [file for file in files if file.suffix == ".parquet"]:
        source = (
            f"read_parquet({_listed(columnar)}, hive_partitioning=false, union_by_name=true, "
            "filename='object')"
        )
        parts.append(_select(f"{', '.join(_ENVELOPE)}, event, object", source, "event_id IS NOT NULL"))
    folders = (
        "regexp_extract(object, '/dt=([^/]*)/hour=([^/]*)/[^/]*$', 1) AS dt, "
        "regexp_extract(object, '/dt=([^/]*)/hour=([^/]*)/[^/]*$', 2) AS hour"
    )
    columns = f"{', '.join(_ENVELOPE)}, TRY_CAST(event AS JSON) AS event, {folders}"
    return _timed(_select(columns, f"({' UNION ALL '.join(parts)})"), span)


def _quarantine(files: Sequence[Path], span: Span) -> str:
    found = _select(_members("line", _QUARANTINE), _lines(files))
    number = "* REPLACE (TRY_CAST(line_number AS BIGINT) AS line_number)"
    return _timed(_select(number, f"({found})", "event_id IS NOT NULL"), span)


def _members(document: str, names: Sequence[str]) -> str:
    """Return the columns that are members of a JSON text; each is null where the text is no JSON."""
    paths = ", ".join(f"'$.{name}'" for name in names)
    # TRY, and not a WHERE, which DuckDB may look at after it has read the text.
    found = f"TRY(system.main.json_extract_string({document}, [{paths}]))"
    return ", ".join(f"{found}[{place}] AS {name}" for place, name in enumerate(names, start=1))


def _timed(select: str, span: Span) -> str:
    """Make `received_at` a time (UTC), and take only what arrived in the span."""
    # The text of a time sorts as the time does, so nothing is converted to be left out.
    bounds = [
        f"received_at {sign} '{shown(moment_s)}'"
        for sign, moment_s in ((">=", span.from_s), ("<", span.to_s))
        if abs(moment_s) != float("inf")
    ]
    inner = _select("*", f"({select})", " AND ".join(bounds))
    return _select("* REPLACE (TRY_CAST(received_at AS TIMESTAMP) AS received_at)", f"({inner})")


def _select(columns: str, source: str, where: str = "") -> str:
    return " ".join(("SELECT", columns, "FROM", source, *(("WHERE", where) if where else ())))


def _lines(files: Sequence[Path]) -> str:
    """Return the table of the files' lines and of the file that each one is in."""
    if files:
        return f"read_csv({_listed(files)}, {_AS_LINES})"
    return "(SELECT NULL::VARCHAR AS line, NULL::VARCHAR AS object WHERE false)"


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join(f"'{_literal(file)}'" for file in files) + "]"


def _literal(file: Path) -> str:
    """Return a file's name for DuckDB, which would take `*`, `?` and `[` in it as a pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(file)).replace("'", "''")
