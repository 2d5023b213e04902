"""The rows of a result as a table, as CSV, or as one JSON object per line.

Decides how a value is written. Holds a page of rows at a time; all of them for a table, which is aligned.
"""

import csv
import io
from itertools import chain
from typing import Any

import orjson

from headgate.query.running import Result
from headgate.terminal import BOLD, DIM, Printer, as_cell, columns_of, fit, printable

_INT64 = range(-(2**63), 2**64)  # what orjson writes
_NUMBERS = ("BIGINT", "INTEGER", "HUGEINT", "DOUBLE", "DECIMAL", "UBIGINT", "SMALLINT", "FLOAT")


def as_json(result: Result, printer: Printer) -> int:
    """Print one JSON object per row; how many."""
    columns = [(column.name, column.kind == "JSON") for column in result.columns]
    rows = 0
    for page in result.pages():
        rows += len(page)
        for row in page:
            fields = {
                name: orjson.Fragment(cell) if is_document and cell is not None else cell
                for (name, is_document), cell in zip(columns, row, strict=True)
            }
            printer.data(_dumped(fields))
    return rows


def _dumped(fields: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a HUGEINT
        return orjson.dumps(_with_all_digits(fields), default=str, option=orjson.OPT_NON_STR_KEYS)


def _with_all_digits(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_all_digits(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_all_digits(item) for item in value]
    return orjson.Fragment(str(value)) if type(value) is int and value not in _INT64 else value


def as_csv(result: Result, printer: Printer) -> int:
    """Print CSV with a head (RFC 4180, line feeds); how many rows."""
    rows = 0
    head = [tuple(column.name for column in result.columns)]
    for page in chain([head], result.pages()):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(page)
        printer.data(text.getvalue().encode("utf-8", "replace").removesuffix(b"\n"))
        rows += len(page)
    return rows - 1


def as_table(result: Result, printer: Printer) -> int:
    """Print an aligned table; how many rows."""
    right = tuple(i for i, column in enumerate(result.columns) if column.kind.startswith(_NUMBERS))
    cells = [[as_cell(cell) for cell in row] for page in result.pages() for row in page]
    printer.table([[column.name for column in result.columns], *cells], right)
    return len(cells)


def as_vertical(result: Result, printer: Printer) -> int:
    """Print each row as a block of one line per column, with the whole value; return how many rows."""
    widest = max((columns_of(printable(column.name)) for column in result.columns), default=0)
    rows = 0
    for page in result.pages():
        for row in page:
            rows += 1
            printer.text(printer.paint(f"-- row {rows:,}", DIM))
            for column, cell in zip(result.columns, row, strict=True):
                name = fit(printable(column.name), widest, right=True)
                printer.text(f"{printer.paint(name, BOLD)}  {printable(as_cell(cell))}")
    return rows
