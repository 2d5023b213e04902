"""The table of curated/: what Athena reads without a crawler, and what Firehose needs for Parquet and ORC."""

from headgate.infra import prefixes
from headgate.infra.intrinsics import Json, att, ref, resource
from headgate.settings import StageSettings, names_of

COLUMNS = ("event_id", "received_at", "type", "shard_id", "sequence_number", "event")
"""The envelope, all text.

`event` is the JSON as sent, so that no producer's new field can break a reader (F09).
"""

FIRST_DAY = "2024-01-01"
"""Partition projection begins here; a day without a folder costs nothing worth naming."""

_HIVE = "org.apache.hadoop.hive.ql.io"
_STORAGE = {
    "ndjson": (
        "org.apache.hadoop.mapred.TextInputFormat",
        f"{_HIVE}.HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
    ),
    "parquet": (
        f"{_HIVE}.parquet.MapredParquetInputFormat",
        f"{_HIVE}.parquet.MapredParquetOutputFormat",
        f"{_HIVE}.parquet.serde.ParquetHiveSerDe",
    ),
    "orc": (f"{_HIVE}.orc.OrcInputFormat", f"{_HIVE}.orc.OrcOutputFormat", f"{_HIVE}.orc.OrcSerde"),
}
"""Format to input format, output format and SerDe. Source: Athena user guide, supported SerDes."""

_SERIALIZERS = {
    "parquet": ("ParquetSerDe", {"snappy": "SNAPPY", "gzip": "GZIP", "none": "UNCOMPRESSED"}),
    "orc": ("OrcSerDe", {"snappy": "SNAPPY", "none": "NONE"}),
}
"""Format to Firehose's serializer and its words for compression."""


def glue(settings: StageSettings) -> dict[str, Json]:
    """Make the database and the table."""
    names, catalog = names_of(settings), ref("AWS::AccountId")
    database = {"CatalogId": catalog, "DatabaseInput": {"Name": names.database}}
    table = {"CatalogId": catalog, "DatabaseName": ref("Database"), "TableInput": _table(settings)}
    return {
        "Database": resource("AWS::Glue::Database", database),
        "Table": resource("AWS::Glue::Table", table),
    }


def conversion(settings: StageSettings) -> Json:
    """Make the DataFormatConversionConfiguration of the curated delivery stream."""
    name, words = _SERIALIZERS[settings.curated.format]
    compression = words[settings.curated.compression or "snappy"]
    return {
        "Enabled": True,
        # Its default writes the keys inside a nested event in lower case.
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {"CaseInsensitive": False}}},
        "OutputFormatConfiguration": {"Serializer": {name: {"Compression": compression}}},
        "SchemaConfiguration": {
            "CatalogId": ref("AWS::AccountId"),
            "DatabaseName": ref("Database"),
            "TableName": ref("Table"),
            "Region": ref("AWS::Region"),
            "RoleARN": att("CuratedDeliveryRole"),
            "VersionId": "LATEST",
        },
    }


def _table(settings: StageSettings) -> Json:
    reads, writes, serde = _STORAGE[settings.curated.format]
    root = {"Fn::Sub": f"s3://${{Bucket}}/{prefixes.CURATED}"}
    folders = {"Fn::Sub": f"s3://${{Bucket}}/{prefixes.CURATED}dt=${{!dt}}/hour=${{!hour}}/"}
    return {
        "Name": names_of(settings).table,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": {"ndjson": "json"}.get(settings.curated.format, settings.curated.format),
            "projection.enabled": "true",
            "projection.dt.type": "date",
            "projection.dt.format": "yyyy-MM-dd",
            # A zone east of Greenwich writes tomorrow's folder while it is today in UTC, which NOW means.
            "projection.dt.range": f"{FIRST_DAY},NOW+1DAYS",
            "projection.hour.type": "integer",
            "projection.hour.range": "0,23",
            "projection.hour.digits": "2",
            "storage.location.template": folders,
        },
        "PartitionKeys": [{"Name": "dt", "Type": "string"}, {"Name": "hour", "Type": "string"}],
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": "string"} for name in COLUMNS],
            "Location": root,
            "InputFormat": reads,
            "OutputFormat": writes,
            "SerdeInfo": {"SerializationLibrary": serde},
        },
    }
