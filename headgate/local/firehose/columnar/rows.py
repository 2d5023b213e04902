"""A record's rows: the members of its JSON objects, put into the columns of a Glue table.

Decides which member goes into which column, and why a record cannot go into the table at all. A record goes
whole or not at all, so that its copy in the error output says everything. Pure. Called by encoder.py.

Source: Firehose API reference, OpenXJsonSerDe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.jsontext import NotJson
from headgate.local.firehose.columnar.documents import NotAnObjectError, documents
from headgate.local.firehose.columnar.hive_types import HiveType, parse_type
from headgate.local.firehose.columnar.values import Reader, fold, reader
from headgate.local.firehose.compress import Refusal, UnsupportedFormatError

# Seen in the error output of AWS; the guide gives no list.
PARSE_ERROR = "DataFormatConversion.ParseError"
MALFORMED_DATA = "DataFormatConversion.MalformedData"

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Column:
    """One column: its name in the file, its type, the JSON key that it takes and how it reads the value."""

    name: str
    kind: HiveType
    key: str
    read: Reader


@dataclass(frozen=True)
class Table:
    """The columns of a Glue table as one deserializer fills them."""

    columns: tuple[Column, ...]
    ignore_case: bool
    dots_to_underscores: bool

    def rows(self, record: bytes) -> list[Row] | Refusal:
        """Return one row for each JSON object of a record, or why the record has no place here."""
        try:
            found = list(documents(record))
        except NotJson as error:
            return Refusal(PARSE_ERROR, f"Encountered malformed JSON. {error}")
        except NotAnObjectError as error:
            return Refusal(MALFORMED_DATA, f"Data does not match the schema. {error}")
        rows: list[Row] = []
        for members in found:
            row = self._row(self._keyed(members))
            if isinstance(row, Refusal):
                return row
            rows.append(row)
        return rows

    def _keyed(self, members: dict[str, bytes]) -> dict[str, bytes]:
        if self.dots_to_underscores:
            members = {key.replace(".", "_"): text for key, text in members.items()}
        return fold(members, ignore_case=self.ignore_case)

    def _row(self, members: Mapping[str, bytes]) -> Row | Refusal:
        row: list[Any] = []
        for column in self.columns:
            try:
                row.append(column.read(members.get(column.key, b"null")))
            except (ValueError, OverflowError):
                # The value itself stands in rawData; a message is shown in more places.
                return Refusal(
                    MALFORMED_DATA,
                    f"Data does not match the schema. The value does not fit the column {column.name}.",
                )
        return tuple(row)


def make_table(columns: Sequence[Mapping[str, str]], serde: Mapping[str, Any]) -> Table:
    """Return the table of Glue's Columns under an OpenXJsonSerDe. Raises UnsupportedFormatError."""
    if not columns:
        raise UnsupportedFormatError("The Glue table has no columns.")
    ignore_case = serde.get("CaseInsensitive", True)
    keys = serde.get("ColumnToJsonKeyMappings") or {}
    made = []
    for each in columns:
        name, kind = each["Name"], parse_type(each["Name"], each.get("Type", "string"))
        key = keys.get(name, name)
        made.append(
            Column(name, kind, key.lower() if ignore_case else key, reader(kind, ignore_case=ignore_case))
        )
    return Table(tuple(made), ignore_case, bool(serde.get("ConvertDotsInJsonKeysToUnderscores")))
