"""Runs SQL so that Ctrl-C ends it: DuckDB works in C, where Python's signals are not looked at.

Decides which thread waits for DuckDB, and in which form a result's times come. Never prints.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from headgate.readers.errors import ReaderError

_T = TypeVar("_T")
_PAGE = 5000  # rows
_AGAIN_S = 0.05  # an interrupt that comes before its query has begun is forgotten
# For these DuckDB asks for the package pytz, which nothing else here needs; as text they have their zone.
_ZONED, _TEXT = "TIMESTAMP WITH TIME ZONE", "VARCHAR"
_VIEW = "headgate_result"


class Column(NamedTuple):
    """A column of a result; its `name` is no other column's."""

    name: str
    kind: str  # DuckDB's type


class Result:
    """The rows of a query, page by page. A statement that gives no rows has no columns."""

    def __init__(self, columns: list[Column], fetch: Callable[[], list[tuple[Any, ...]]]) -> None:
        self.columns = columns
        self._fetch = fetch

    def pages(self) -> Iterator[list[tuple[Any, ...]]]:
        """The rows; raises duckdb.Error, for they are made while they are fetched."""
        while page := self._fetch():
            yield page


def result_of(connection: Any, sql: str) -> Result:
    """Run all statements and return the result of the last one.

    Raises duckdb.Error, and ReaderError when there is no SQL. KeyboardInterrupt comes at once, here and from
    the pages.
    """
    statements = _interruptible(connection, lambda: connection.extract_statements(sql))
    if not statements:
        raise ReaderError("there is no SQL in what was asked, such as: select count(*) from curated")
    result = _interruptible(connection, lambda: _executed(connection, statements))
    if result is None or not result.description:
        return Result([], list)
    names = distinct([str(column[0]) for column in result.description])
    kinds = [str(column[1]) for column in result.description]
    return Result(
        [Column(*each) for each in zip(names, kinds, strict=True)],
        lambda: list(_interruptible(connection, lambda: result.fetchmany(_PAGE))),
    )


def distinct(names: list[str]) -> list[str]:
    """Names of which none is there twice: a, a_2, a_3 for three that are called a."""
    given, made = set(names), set[str]()
    unique: list[str] = []
    for name in names:
        own, number = name, 1
        while own in made or (number > 1 and own in given):
            number += 1
            own = f"{name}_{number}"
        made.add(own)
        unique.append(own)
    return unique


def _executed(connection: Any, statements: list[Any]) -> Any:
    *before, last = statements
    for statement in before:
        connection.execute(statement)
    if last.type.name != "SELECT":
        return connection.execute(last)
    relation = connection.sql(last.query)  # bound, not run
    kinds = [str(kind) for kind in relation.types]
    if not any(_ZONED in kind for kind in kinds):
        return connection.execute(last)
    own = [f"c{number}" for number in range(len(kinds))]
    # A view takes a statement as it was typed, with its semicolon and a comment behind it.
    connection.execute(f"CREATE TEMP VIEW {_VIEW}({', '.join(own)}) AS\n{last.query}")
    columns = (
        f"{column}::{kind.replace(_ZONED, _TEXT)} AS {_quoted(name)}"
        for column, kind, name in zip(own, kinds, relation.columns, strict=True)
    )
    return connection.execute(" ".join(("SELECT", ", ".join(columns), "FROM", _VIEW)))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _interruptible(connection: Any, work: Callable[[], _T]) -> _T:
    """What `work` returns or raises, done in a thread of its own; on Ctrl-C DuckDB is told to stop.

    Ctrl-C sets a flag and raises only afterwards: raised inside a lock's code it can leave the lock broken.
    """
    results: list[_T] = []
    errors: list[BaseException] = []
    done, asked = threading.Event(), threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            errors.append(error)
        done.set()

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second Ctrl-C does not wait for DuckDB
        asked.set()

    handler = signal.signal(signal.SIGINT, stop)
    try:
        threading.Thread(target=run, name="duckdb", daemon=True).start()
        while not done.wait(_AGAIN_S):
            if asked.is_set():
                connection.interrupt()
    finally:
        signal.signal(signal.SIGINT, handler)
    if asked.is_set():
        raise KeyboardInterrupt
    if errors:
        raise errors[0]
    return results[0]
