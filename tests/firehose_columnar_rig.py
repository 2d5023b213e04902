"""What the tests of Parquet and ORC share: a table, a configuration, readers of what lies in S3."""

import base64
import importlib
import io
import json
from typing import Any

from headgate.local.firehose.columnar.convert import converter
from headgate.local.firehose.destination import DestinationPlan, complete, make_plan
from tests.firehose_rig import DESTINATION, NAME, FakeS3

parquet: Any = importlib.import_module("pyarrow.parquet")  # ships no types
orc: Any = importlib.import_module("pyarrow.orc")

COLUMNS = [
    {"Name": "event_id", "Type": "string"},
    {"Name": "n", "Type": "bigint"},
    {"Name": "event", "Type": "string"},
]
TABLES = {("headgate", "curated"): {"StorageDescriptor": {"Columns": COLUMNS}}}
CATALOG = {
    "catalogId": "123456789012",
    "databaseName": "headgate",
    "tableName": "curated",
    "region": "us-east-1",
    "versionId": "LATEST",
    "catalogArn": None,
}
ERRORS = "errors/!{firehose:error-output-type}/!{timestamp:yyyy}/"


def conversion(serializer: str = "ParquetSerDe", **options: Any) -> dict[str, Any]:
    """A DataFormatConversionConfiguration of the table."""
    schema = {"DatabaseName": "headgate", "TableName": "curated", "Region": "us-east-1"}
    return {
        "Enabled": True,
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": {serializer: options}},
        "SchemaConfiguration": {**schema, "VersionId": "LATEST"},
    }


def destination(serializer: str = "ParquetSerDe", **options: Any) -> dict[str, Any]:
    """A destination that converts, and puts what it cannot convert under errors/."""
    return {
        **DESTINATION,
        "Prefix": "data/!{timestamp:yyyy}/",
        "ErrorOutputPrefix": ERRORS,
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
        "DataFormatConversionConfiguration": conversion(serializer, **options),
    }


def columnar_plan(serializer: str = "ParquetSerDe") -> DestinationPlan:
    """The plan of such a destination."""
    return make_plan(NAME, 1, complete(destination(serializer)), converter(TABLES))


def rows_of(key: str, body: bytes) -> list[dict[str, Any]]:
    """The rows of one object, read by pyarrow."""
    module = parquet if key.endswith(".parquet") else orc
    rows: list[dict[str, Any]] = module.read_table(io.BytesIO(body)).to_pylist()
    return rows


def rows_in(s3: FakeS3) -> list[dict[str, Any]]:
    """All rows under data/, in the order in which the objects were put."""
    keys = [key for key in dict.fromkeys(s3.puts) if key.startswith("data/") and key in s3.objects]
    return [row for key in keys for row in rows_of(key, s3.objects[key])]


def errors_in(s3: FakeS3) -> list[dict[str, Any]]:
    """All lines under errors/, with `record` for rawData's bytes."""
    keys = [key for key in dict.fromkeys(s3.puts) if key.startswith("errors/") and key in s3.objects]
    lines = [json.loads(line) for key in keys for line in s3.objects[key].splitlines()]
    return [{**line, "record": base64.b64decode(line["rawData"])} for line in lines]
