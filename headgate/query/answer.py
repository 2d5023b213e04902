"""The rows of an answer as a table, as CSV, or as one JSON object per line.

Decides how a value is written. Holds a page of rows at a time; all of them for a table, which is aligned.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

import orjson

from headgate.readers.printing import Printer, as_cell

_PAGE = 5000
_NUMBERS = ("BIGINT", "INTEGER", "HUGEINT", "DOUBLE", "DECIMAL", "UBIGINT", "SMALLINT", "FLOAT")


def pages(result: Any) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a DuckDB result, page by page."""
    while page := result.fetchmany(_PAGE):
        yield page


def as_json(result: Any, printer: Printer) -> int:
    """Print one JSON object per row; how many."""
    names = [column[0] for column in result.description]
    documents = [str(column[1]) == "JSON" for column in result.description]
    rows = 0
    for page in pages(result):
        rows += len(page)
        for row in page:
            cells = zip(names, documents, row, strict=True)
            fields = {
                name: orjson.Fragment(cell) if is_document and cell is not None else cell
                for name, is_document, cell in cells
            }
            printer.data(orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS))
    return rows


def as_csv(result: Any, printer: Printer) -> int:
    """Print CSV with a head (RFC 4180, line feeds); how many rows."""
    rows = 0
    for page in _with_head(result):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(page)
        printer.data(text.getvalue().encode("utf-8", "replace").removesuffix(b"\n"))
        rows += len(page)
    return rows - 1


def as_table(result: Any, printer: Printer) -> int:
    """Print an aligned table; how many rows."""
    names = [str(column[0]) for column in result.description]
    right = tuple(i for i, column in enumerate(result.description) if str(column[1]).startswith(_NUMBERS))
    cells = [[as_cell(cell) for cell in row] for page in pages(result) for row in page]
    printer.table([names, *cells], right)
    return len(cells)


def _with_head(result: Any) -> Iterator[list[tuple[Any, ...]]]:
    yield [tuple(column[0] for column in result.description)]
    yield from pages(result)
