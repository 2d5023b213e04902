"""Parquet and ORC by pyarrow.

Decides how the files are made: schema, codec, page and stripe options. Imported with the first record that
is converted and not before: it costs some 45 MB. Called by convert.py.

Source: Firehose API reference, ParquetSerDe and OrcSerDe.
"""

from collections.abc import Mapping, Sequence
from typing import IO, Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships none
from pyarrow import orc, parquet

from headgate.local.firehose.buffer import MIB_BYTES
from headgate.local.firehose.columnar.hive_types import Array, HiveType, Map, Scalar, Struct
from headgate.local.firehose.columnar.rows import Table

_SCALARS = {
    "string": pa.string(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "float": pa.float32(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("ns"),
    "date": pa.date32(),
}
_PAGE_BYTES = MIB_BYTES  # Source: PageSizeBytes: "the default is 1 MiB"
# Source: StripeSizeBytes: "the minimum is 8 MiB"; its default of 64 MiB would be held in memory.
_STRIPE_BYTES = 8 * MIB_BYTES
_STRIDE_ROWS = 10_000  # Source: RowIndexStride: "the default is 10,000"


def schema_of(table: Table) -> pa.Schema:
    """Return the explicit schema: nothing is guessed from data, so every object has the same columns."""
    return pa.schema([(column.name, _arrow(column.kind)) for column in table.columns])


def _arrow(kind: HiveType) -> pa.DataType:
    match kind:
        case Scalar(name):
            return _SCALARS[name]
        case Array(element):
            return pa.list_(_arrow(element))
        case Map(value):
            return pa.map_(pa.string(), _arrow(value))
        case Struct(fields):
            return pa.struct([(name, _arrow(each)) for name, each in fields])


class _Sink:
    """The object's file for pyarrow, which would close it.

    Its ORC writer ends the process when a write raises: a failure is kept here until pyarrow has returned.
    """

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._written_bytes = 0
        self._failure: OSError | None = None

    def check(self) -> None:
        """Raise what a write has failed with, again each time: the file is of no use any more."""
        if self._failure is not None:
            raise self._failure

    def write(self, data: bytes) -> int:
        if self._failure is None:
            try:
                self._file.write(data)
            except OSError as failure:
                self._failure = failure
        self._written_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written_bytes

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class ParquetFile:
    """A Parquet file of one row group per call; its time stamps are INT96, as Hive writes them."""

    def __init__(
        self, file: IO[bytes], schema: pa.Schema, compression: str, serde: Mapping[str, Any]
    ) -> None:
        self._schema, self._sink = schema, _Sink(file)
        self._writer = parquet.ParquetWriter(
            self._sink,
            schema,
            compression=compression,
            version="1.0" if serde.get("WriterVersion", "V1") == "V1" else "2.6",
            use_dictionary=bool(serde.get("EnableDictionaryCompression", False)),
            data_page_size=serde.get("PageSizeBytes", _PAGE_BYTES),
            use_deprecated_int96_timestamps=True,
            store_schema=False,
            memory_pool=pa.system_memory_pool(),
        )

    def write_group(self, columns: Sequence[list[Any]]) -> None:
        """Write one row group. Raises OSError."""
        batch = _batch(self._schema, columns)
        self._writer.write_batch(batch, row_group_size=batch.num_rows)
        self._sink.check()

    def close(self) -> None:
        """Write the footer. Raises OSError."""
        self._writer.close()
        self._sink.check()


class OrcFile:
    """An ORC file."""

    def __init__(
        self, file: IO[bytes], schema: pa.Schema, compression: str, serde: Mapping[str, Any]
    ) -> None:
        self._schema, self._sink = schema, _Sink(file)
        self._writer = orc.ORCWriter(
            self._sink,
            compression=compression,
            stripe_size=_STRIPE_BYTES,
            file_version="0.11" if serde.get("FormatVersion") == "V0_11" else "0.12",
            row_index_stride=serde.get("RowIndexStride", _STRIDE_ROWS),
            dictionary_key_size_threshold=serde.get("DictionaryKeyThreshold", 0.0),
            bloom_filter_columns=[schema.get_field_index(n) for n in serde.get("BloomFilterColumns") or []],
            bloom_filter_fpp=serde.get("BloomFilterFalsePositiveProbability", 0.05),
        )
        self._is_empty = True

    def write_group(self, columns: Sequence[list[Any]]) -> None:
        """Write some rows. Raises OSError."""
        self._is_empty = False
        self._writer.write(pa.Table.from_batches([_batch(self._schema, columns)]))
        self._sink.check()

    def close(self) -> None:
        """Write the footer. Raises OSError."""
        if self._is_empty:
            # pyarrow knows an ORC file's columns from its first rows only.
            self._writer.write(self._schema.empty_table())
        self._writer.close()
        self._sink.check()


def _batch(schema: pa.Schema, columns: Sequence[list[Any]]) -> pa.RecordBatch:
    pool = pa.system_memory_pool()
    arrays = [
        pa.array(values, field.type, memory_pool=pool) for values, field in zip(columns, schema, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)
