"""Records into one Parquet or ORC object, some megabytes at a time.

Decides when rows become a row group: memory is bounded by the group, not by the object. Called by
object_file.py through compress.Format; the one importer of arrow.py's writers is convert.py.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from headgate.local.firehose.buffer import MIB_BYTES
from headgate.local.firehose.columnar.rows import Row, Table
from headgate.local.firehose.compress import Refusal

# Of JSON for each row group. AWS's own groups are larger (BlockSizeBytes, StripeSizeBytes of 64 MiB and
# more); a small machine has to hold one as text, as columns and compressed at the same time.
GROUP_BYTES = 8 * MIB_BYTES


class GroupWriter(Protocol):
    """Writes one columnar file."""

    def write_group(self, columns: Sequence[list[Any]]) -> None:
        """Take the next rows, column by column."""
        ...

    def close(self) -> None:
        """Write the footer."""
        ...


class ColumnarEncoder:
    """One object."""

    def __init__(self, table: Table, writer: GroupWriter, group_bytes: int = GROUP_BYTES) -> None:
        self._table = table
        self._writer = writer
        self._group_bytes = group_bytes
        self._rows: list[Row] = []
        self._held_bytes = 0

    def write(self, data: bytes) -> Refusal | None:
        """Take one record, or say why it cannot be converted."""
        rows = self._table.rows(data)
        if isinstance(rows, Refusal):
            return rows
        self._rows += rows
        self._held_bytes += len(data)
        if self._held_bytes >= self._group_bytes:
            self._write_group()
        return None

    def close(self) -> None:
        """Write the last group and the footer."""
        self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        if not self._rows:
            return
        columns = [list(column) for column in zip(*self._rows, strict=True)]
        self._rows, self._held_bytes = [], 0
        self._writer.write_group(columns)
