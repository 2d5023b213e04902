"""`headgate query`: one SQL query over what lies in the bucket.

Decides the form of the result and which files are read. DuckDB does the work, on this machine; it never
reaches for the network.
"""

import argparse
import re
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from headgate.query.files import fetched, tables_in
from headgate.query.output import as_csv, as_json, as_table, as_vertical
from headgate.query.running import Result, result_of
from headgate.query.views import TABLES, statements
from headgate.readers.ending import describe, ended
from headgate.readers.errors import ReaderError, optional
from headgate.readers.moments import moment
from headgate.readers.span import Span
from headgate.readers.stage import add_files_argument, add_stage_arguments, open_stage
from headgate.settings import project_root
from headgate.terminal import Printer

_VIEWS = """views:
  raw                      line, event (null when it is no JSON), object
  curated, curated_dedup   event_id, received_at, type, shard_id, sequence_number, event, dt, hour
  quarantine               event_id, received_at, shard_id, sequence_number, line_number, code, message,
                           pointer, version, line, line_base64"""
_NAMES = (*TABLES, "curated_dedup")
# What a view is called in Athena, and what a folder is called in the bucket.
_ALIASES = {"events": "curated_dedup", "raw_data": "raw", "archive": "raw", "rejects": "quarantine"}
_NO_TABLE = re.compile(r"Table with name (\S+) does not exist")
CACHE = Path(".local") / "cache"  # of the project
_EXAMPLES = """
query "select type, count(*) from curated group by 1 order by 2 desc"
query --since 1h --csv "select code, count(*) from quarantine group by 1"
query --files .local/s3 "select event->>'user' as user, * from curated_dedup limit 5"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    describe(parser, _EXAMPLES)
    parser.description = f"{parser.description}\n\n{_VIEWS}"
    parser.add_argument("sql", metavar="SQL", help="DuckDB's SQL; - reads it from standard input")
    add_stage_arguments(parser)
    add_files_argument(parser)
    parser.add_argument("--since", type=moment, metavar="TIME", help="only what arrived from here on")
    parser.add_argument("--until", type=moment, metavar="TIME", help="only what arrived before")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV with a head")
    form.add_argument("--json", action="store_true", help="print one JSON object per row (default in a pipe)")
    form.add_argument("--vertical", action="store_true", help="print a line for each column, nothing is cut")
    parser.add_argument(
        "--cache",
        type=Path,
        default=project_root() / CACHE,
        metavar="FOLDER",
        help=f"keep copies here (default: {CACHE})",
    )


def run(args: argparse.Namespace) -> int:
    """Print the result."""
    return ended("query", lambda: _query(args, Printer()))


def _query(args: argparse.Namespace, printer: Printer) -> int:
    duckdb = optional("duckdb", "query")
    sql = _text_of(args.sql)
    span = Span.of(args.since, args.until)
    with open_stage(args) as stage:
        zone = stage.settings.time_zone
        files = fetched(stage.bucket(), tables_in(sql), span, zone, args.cache, printer)
    with _connected(duckdb) as connection:
        try:
            for statement in statements(files, span):
                connection.execute(statement)
            found = result_of(connection, sql)
            if found.columns:
                _print(found, args, printer)
        except duckdb.Error as error:
            raise ReaderError(_sentence(error)) from error
    return 0


def _text_of(given: str) -> str:
    """The SQL, from standard input for a dash. Raises ReaderError for what is no text."""
    sql = given.encode("utf-8", "surrogateescape")  # as Python took it from the command line
    if given == "-":
        sql = sys.stdin.buffer.read() if sys.stdin else b""
    try:
        return sql.decode()
    except UnicodeDecodeError as error:
        raise ReaderError(f"the SQL is not UTF-8: its byte {error.start}") from None


def _sentence(error: Exception) -> str:
    """Return what DuckDB says, but in our words where it asks for a package that is not installed."""
    if "'pytz'" in str(error):
        return "only SELECT gives times with a zone; elsewhere cast them: now()::VARCHAR"
    if missing := _NO_TABLE.search(str(error)):
        return f"there is no view {missing[1]}{_suggested(missing[1])}; there are {', '.join(_NAMES)}"
    return str(error)


def _suggested(name: str) -> str:
    """Return the view that was probably meant, as part of a sentence."""
    meant = _ALIASES.get(name.lower().replace("-", "_"))
    meant = meant or next(iter(get_close_matches(name.lower(), _NAMES, 1)), None)
    return f": {meant} is meant?" if meant else ""


def _connected(duckdb: Any) -> Any:
    """A database in memory that stays on this machine."""
    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": "false", "preserve_insertion_order": "false"}
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")  # a table is a table, no variable of ours
    return connection


def _print(found: Result, args: argparse.Namespace, printer: Printer) -> None:
    if args.csv:
        as_csv(found, printer)
    elif args.vertical:
        as_vertical(found, printer)
    elif args.json or not printer.is_terminal:
        as_json(found, printer)
    else:
        as_table(found, printer)
