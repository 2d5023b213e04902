"""Which DataFormatConversionConfiguration is taken, and what it makes of names and buffers."""

from typing import Any

import pytest

from headgate.local.firehose.columnar.convert import converter
from headgate.local.firehose.destination import complete, make_plan
from headgate.local.wire import AwsError
from tests.firehose_columnar_rig import CATALOG, TABLES, conversion
from tests.firehose_rig import DESTINATION, NAME


def plan_of(given: dict[str, Any], **changes: Any) -> Any:
    wire = {**DESTINATION, "ErrorOutputPrefix": "errors/", **changes}
    wire["BufferingHints"] = {"SizeInMBs": 64, "IntervalInSeconds": 60}
    return make_plan(
        NAME, 1, complete({**wire, "DataFormatConversionConfiguration": given}), converter(TABLES)
    )


@pytest.mark.parametrize(("serializer", "extension"), [("ParquetSerDe", ".parquet"), ("OrcSerDe", ".orc")])
def test_objects_are_named_by_their_format_unless_the_stream_says_otherwise(
    serializer: str, extension: str
) -> None:
    """Source: developer guide, "Configure Amazon S3 object name format"."""
    assert plan_of(conversion(serializer)).naming.extension == extension
    assert plan_of(conversion(serializer), FileExtension=".data").naming.extension == ".data"
    assert plan_of(conversion(serializer), FileExtension=".data").errors.extension == ""


def test_the_error_lines_name_the_table() -> None:
    assert plan_of(conversion()).format.catalog_table == CATALOG


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SchemaConfiguration": None}, "SchemaConfiguration is required"),
        ({"InputFormatConfiguration": {}}, "InputFormatConfiguration.Deserializer is required"),
        (
            {"OutputFormatConfiguration": {"Serializer": {}}},
            "OutputFormatConfiguration.Serializer is required",
        ),
        (
            {"InputFormatConfiguration": {"Deserializer": {"HiveJsonSerDe": {}}}},
            "HiveJsonSerDe is not supported by the local Firehose: choose one of OpenXJsonSerDe",
        ),
        (
            {"OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}, "OrcSerDe": {}}}},
            "choose one of ParquetSerDe, OrcSerDe",
        ),
        (
            {"OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "ZSTD"}}}},
            "ParquetSerDe has no compression ZSTD: choose one of SNAPPY, GZIP, UNCOMPRESSED",
        ),
        (
            {"OutputFormatConfiguration": {"Serializer": {"OrcSerDe": {"Compression": "GZIP"}}}},
            "OrcSerDe has no compression GZIP: choose one of SNAPPY, ZLIB, NONE",
        ),
        (
            {"SchemaConfiguration": {"DatabaseName": "headgate", "TableName": "other"}},
            "The Glue table headgate.other could not be found: this stage's template has headgate.curated",
        ),
    ],
)
def test_what_is_not_offered_is_refused_with_what_is(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError) as caught:
        plan_of({**conversion(), **changes})
    assert caught.value.code == "InvalidArgumentException"
    assert message in caught.value.message
