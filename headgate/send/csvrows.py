"""CSV and TSV text to rows: each row an event whose fields are the columns. Bad rows come out as values.

Decides: strict quoting, one event field per column, no repair of anything. A row that cannot be an event is a
BadRow with its number and line, and reading goes on with the next line. Knows the delimiter from layout.
Called by filesource with lines of text.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring

from chalicelib import limits
from headgate.send import celltypes
from headgate.send.errors import UsageError
from headgate.send.rows import BadRow, EventRow
from headgate.terminal import counted

# A cell with more characters than an event may have bytes can be no part of an event.
PARSER_CELL_MAX_CHARS = limits.EVENT_MAX_BYTES
# Python's csv module refuses longer cells; so does this reader until told otherwise, because a cell that
# long is most often a quote that was never closed. Source: csv.field_size_limit().
CELL_MAX_CHARS = 131_072
# A number that is no year, or the beginning of JSON: what a cell holds and the name of a column hardly ever.
_NO_NAME = re.compile(r"(?!\d{4}$)[+-]?\d[\d.,:/ -]*|[\[{].*", re.DOTALL)
# A row is held in memory: this many characters of lines, then it is given up.
ROW_MAX_CHARS = 4 * limits.EVENT_MAX_BYTES
_SHOWN_CHARS = 80  # of a row, in a sentence
HEADER = 0  # the row number of the header


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the text is to be read."""

    delimiter: str = ","  # "": found out, see layout
    quote: str | None = '"'  # None: a quote is a character like any other
    header: bool = True  # the first row names the columns
    fields: tuple[str, ...] | None = None  # names of the columns, in place of the header's
    cell_max_chars: int = CELL_MAX_CHARS
    event_type: str | None = None
    kinds: tuple[tuple[str, str], ...] = ()  # column → name of its type, see celltypes
    skip_lines: int = 0  # in front of everything else


class RowTooLongError(Exception):
    """The lines of one row add up to more than ROW_MAX_CHARS."""


class Lines:
    """Counts the lines of a text and keeps those of the row that is being read."""

    def __init__(self, readline: Callable[[int], str], skipped: int = 0) -> None:
        self.number = skipped  # of the last line read, from 1
        self._readline = readline
        self._row: list[str] = []
        self._again: deque[str] = deque()
        self._row_chars = 0

    def begin_row(self) -> None:
        """Begin the next row: forget the lines read so far."""
        self._row.clear()
        self._row_chars = 0

    def give_back(self) -> None:
        """Let all lines of the row but the first be read again."""
        self._again.extendleft(reversed(self._row[1:]))
        self.number -= len(self._row) - 1
        del self._row[1:]

    @property
    def raw(self) -> str:
        """Return the text of the row so far."""
        return "".join(self._row).rstrip("\r\n")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._readline(ROW_MAX_CHARS)
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            line = line.removeprefix("\ufeff")
        self._row.append(line)
        self._row_chars += len(line)
        if self._row_chars >= ROW_MAX_CHARS:
            while line and not line.endswith(("\n", "\r")):
                line = self._readline(ROW_MAX_CHARS)
            raise RowTooLongError
        return line


def read(readline: Callable[[int], str], dialect: Dialect) -> Iterator[EventRow | BadRow]:
    """Every row of the text, good or bad, in order.

    `readline(limit)` is a text file's, opened with newline="" and behind the lines to skip. Raises UsageError
    when --types names a column that is not there, and when the only row was taken for the header and does not
    look like one.
    """
    lines = Lines(readline, dialect.skip_lines)
    rows = _raw_rows(lines, dialect)
    columns = dialect.fields
    if dialect.header:
        first = next(rows, None)
        if first is None:
            return
        if isinstance(first, BadRow):
            yield first._replace(number=HEADER, message=f"The header cannot be read: {first.message}")
            return
        columns = columns or tuple(first[1])
        rows = _rows_behind(first[1], rows)
    if problem := _header_problem(columns or (), dialect.event_type):
        yield BadRow(HEADER, 1, *problem, raw=dialect.delimiter.join(columns or ()))
        return
    yield from _events(rows, _Maker(columns or (), dialect), lines)


def _rows_behind(
    header: list[str], rows: Iterator[tuple[int, list[str]] | BadRow]
) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Yield the rows. Raises UsageError when there are none and the header looks like one."""
    row = next(rows, None)
    if row is not None:
        yield row
        yield from rows
    elif any(_NO_NAME.fullmatch(name.strip()) for name in header):
        shown = ", ".join(header)[:_SHOWN_CHARS]
        cure = "if it is a row, pass --no-header and --fields with the names; if it is JSON, --format json"
        raise UsageError([f"the only row ({shown}) was taken for the header, so nothing was sent; {cure}"])


def _raw_rows(lines: Lines, dialect: Dialect) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Yield (line, cells) of every row that is not blank.

    A quote that is never closed is a mistake in one line: the row is taken to end there, and reading goes on
    in the next line. Where there is one column, a wrong line would look like a row, so all of the text stays
    in the bad row.
    """
    csv.field_size_limit(max(csv.field_size_limit(), PARSER_CELL_MAX_CHARS))
    reader = reader_of(lines, dialect)
    one_column = len(dialect.fields or ()) == 1
    while True:
        lines.begin_row()
        line = lines.number + 1
        try:
            cells = next(reader, None)
        except RowTooLongError:
            more = f"; it begins in line {line} and was given up in line {lines.number}"
            message = (
                f"The row is longer than {ROW_MAX_CHARS:,} characters{more if lines.number > line else ''}."
            )
            yield BadRow(0, line, "RowTooLong", message, lines.raw)
        except csv.Error as error:
            problem = _parser_problem(error, line, lines.number)
            if one_column or not _is_open(error):
                yield BadRow(0, line, *problem, raw=lines.raw)
            else:  # the other lines are rows of their own
                lines.give_back()
                yield BadRow(0, line, *problem, raw=lines.raw)
        else:
            if cells is None:
                return
            if cells:
                one_column = len(cells) == 1
                yield line, cells


def reader_of(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    """Return the parser of a dialect. Raises csv.Error while it reads."""
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )


def _events(
    rows: Iterator[tuple[int, list[str]] | BadRow], maker: "_Maker", lines: Lines
) -> Iterator[EventRow | BadRow]:
    for number, row in enumerate(rows, 1):
        if isinstance(row, BadRow):
            yield row._replace(number=number)
            continue
        line, cells = row
        try:
            event = maker.event(cells)
        except _CellsError as error:
            yield BadRow(number, line, error.code, error.message, lines.raw, error.pointer)
        else:
            yield EventRow(number, line, event)


class _CellsError(Exception):
    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        self.code, self.message, self.pointer = code, message, pointer
        super().__init__(message)


class _Maker:
    """Turns cells into the JSON text of an event."""

    def __init__(self, columns: tuple[str, ...], dialect: Dialect) -> None:
        self._columns = columns
        self._names = [f"{encode_basestring(name)}:" for name in columns]
        self._encoders = celltypes.encoders(dict(dialect.kinds), columns)
        self._cell_max_chars = dialect.cell_max_chars
        event_type = dialect.event_type
        self._head = "{" if event_type is None else f'{{"type":{encode_basestring(event_type)},'

    def event(self, cells: list[str]) -> bytes:
        """Return the event of one row. Raises _CellsError."""
        if len(cells) != len(self._columns):
            message = f"The row has {len(cells)} cells; there are {len(self._columns)} columns."
            raise _CellsError("RaggedRow", message)
        if len(max(cells, key=len)) > self._cell_max_chars:
            raise self._too_long(cells)
        try:
            parts = [
                name + encode(cell)
                for name, encode, cell in zip(self._names, self._encoders, cells, strict=True)
            ]
            return f"{self._head}{','.join(parts)}}}".encode()
        except UnicodeEncodeError:
            raise _CellsError("InvalidText", "A cell holds half of a surrogate pair.") from None
        except ValueError:
            raise self._mismatch(cells) from None

    def _too_long(self, cells: list[str]) -> _CellsError:
        place = next(i for i, cell in enumerate(cells) if len(cell) > self._cell_max_chars)
        message = (
            f"The cell has {len(cells[place])} characters; the limit is {self._cell_max_chars}"
            " (--max-cell-chars raises it)."
        )
        return _CellsError("CellTooLong", message, _pointer(self._columns[place]))

    def _mismatch(self, cells: list[str]) -> _CellsError:
        for column, encode, cell in zip(self._columns, self._encoders, cells, strict=True):
            try:
                encode(cell)
            except ValueError as error:
                return _CellsError("TypeMismatch", f"The cell is {error}.", _pointer(column))
        raise AssertionError("an encoder refused a cell once and then took it")


def _header_problem(columns: tuple[str, ...], event_type: str | None) -> tuple[str, str] | None:
    cure = "Name the columns with --fields (a,b,c) and send again; nothing was sent."
    for place, name in enumerate(columns, 1):
        if not name:
            return "EmptyHeader", f"Column {place} has no name. {cure}"
        if name in columns[: place - 1]:
            return (
                "DuplicateHeader",
                f"Columns {columns.index(name) + 1} and {place} are both {name!r}. {cure}",
            )
    if event_type is not None and "type" in columns:
        return "DuplicateHeader", "There is a column `type`, and --type sets the field of that name. " + cure
    return None


def _is_open(error: csv.Error) -> bool:
    """Return whether a quote was not closed before the text or the parser's patience ended."""
    return "field limit" in str(error) or "unexpected end" in str(error)


def _parser_problem(error: csv.Error, first_line: int, last_line: int) -> tuple[str, str]:
    """Return the code and the sentence for a row that the parser gave up in `last_line`."""
    text = str(error)
    behind = f" ({counted(last_line - first_line, 'line')} behind this one)" if last_line > first_line else ""
    if "field limit" in text and not behind:
        return (
            "CellTooLong",
            f"A cell has more than {PARSER_CELL_MAX_CHARS:,} characters. Is a quote missing?",
        )
    if "field limit" in text:
        return (
            "BadQuoting",
            f"A quoted cell is not closed within {PARSER_CELL_MAX_CHARS:,} characters{behind}.",
        )
    if "unexpected end" in text:
        return "BadQuoting", f"A quoted cell is never closed; the text ends in line {last_line}{behind}."
    return "BadQuoting", f"The quotes do not pair up in line {last_line}{behind}: {text}."


def _pointer(column: str) -> str:
    """Source: RFC 6901."""
    return "/" + column.replace("~", "~0").replace("/", "~1")
