"""A DataFormatConversionConfiguration, checked and made into a Format.

Decides what is refused when the delivery stream is made: a table that is not there, a deserializer, a codec
or a column that is not offered here. Called by destination.py through fleet.Settings.converter.

Source: Firehose API reference, DataFormatConversionConfiguration.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import IO, Any

from headgate.local.firehose.columnar.encoder import ColumnarEncoder
from headgate.local.firehose.columnar.rows import make_table
from headgate.local.firehose.compress import Encoder, Format, UnsupportedFormatError
from headgate.local.firehose.destination import Converter
from headgate.local.options import ACCOUNT

# Glue's TableInput by (database, table).
Tables = Mapping[tuple[str, str], Mapping[str, Any]]

# Serializer to extension, writer of arrow.py, and Firehose's word for a codec to pyarrow's; the first is the
# default. Source of the extensions: developer guide, "Configure Amazon S3 object name format".
_SERIALIZERS: dict[str, tuple[str, str, dict[str, str]]] = {
    "ParquetSerDe": (".parquet", "ParquetFile", {"SNAPPY": "snappy", "GZIP": "gzip", "UNCOMPRESSED": "none"}),
    "OrcSerDe": (".orc", "OrcFile", {"SNAPPY": "snappy", "ZLIB": "zlib", "NONE": "uncompressed"}),
}


def converter(tables: Tables) -> Converter:
    """Return what makes Formats from the columns of these Glue tables."""
    return lambda conversion: _make_format(conversion, tables)


def _make_format(conversion: Mapping[str, Any], tables: Tables) -> Format:
    reads = _only(_part(conversion, "InputFormatConfiguration", "Deserializer"), ("OpenXJsonSerDe",))
    writes = _only(_part(conversion, "OutputFormatConfiguration", "Serializer"), tuple(_SERIALIZERS))
    extension, writer_name, codecs = _SERIALIZERS[writes[0]]
    compression = writes[1].get("Compression", next(iter(codecs)))
    if compression not in codecs:
        raise UnsupportedFormatError(
            f"{writes[0]} has no compression {compression}: choose one of {', '.join(codecs)}."
        )
    wanted = _part(conversion, "SchemaConfiguration")
    table = make_table(_columns(wanted, tables), reads[1])
    if find_spec("pyarrow") is None:
        raise UnsupportedFormatError("Parquet and ORC need the package pyarrow of requirements-dev.txt.")

    def open_encoder(file: IO[bytes], _: str) -> Encoder:
        # Loaded with the first record: a run that converts nothing does without its memory.
        arrow = import_module("headgate.local.firehose.columnar.arrow")
        writer = getattr(arrow, writer_name)(file, arrow.schema_of(table), codecs[compression], writes[1])
        return ColumnarEncoder(table, writer)

    return Format(extension, open_encoder, _described(wanted))


def _part(conversion: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    part: Any = conversion
    for name in names:
        part = (part or {}).get(name)
    if not part:
        raise UnsupportedFormatError(f"{'.'.join(names)} is required when data format conversion is enabled.")
    return dict(part)


def _only(choice: Mapping[str, Any], known: tuple[str, ...]) -> tuple[str, Mapping[str, Any]]:
    given = [name for name, options in choice.items() if options is not None]
    if len(given) != 1 or given[0] not in known:
        raise UnsupportedFormatError(
            f"{', '.join(given)} is not supported by the local Firehose: choose one of {', '.join(known)}."
        )
    return given[0], choice[given[0]]


def _columns(wanted: Mapping[str, Any], tables: Tables) -> list[Mapping[str, str]]:
    name = (wanted.get("DatabaseName", ""), wanted.get("TableName", ""))
    if name not in tables:
        raise UnsupportedFormatError(
            f"The Glue table {'.'.join(name)} could not be found: this stage's template has"
            f" {', '.join('.'.join(each) for each in tables) or 'none'}."
        )
    columns: list[Mapping[str, str]] = tables[name].get("StorageDescriptor", {}).get("Columns", [])
    return columns


def _described(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """The dataCatalogTable of an error line."""
    return {
        "catalogId": wanted.get("CatalogId", ACCOUNT),
        "databaseName": wanted.get("DatabaseName"),
        "tableName": wanted.get("TableName"),
        "region": wanted.get("Region"),
        "versionId": wanted.get("VersionId", "LATEST"),
        "catalogArn": None,
    }
