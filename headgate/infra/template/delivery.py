"""The two delivery streams, their roles, and the table of curated/.

The archive reads the stream; the analysts' copy takes what the transform puts. The table is what Athena
reads without a crawler, and what Firehose needs for Parquet and ORC.
"""

from headgate.infra.template.intrinsics import Json, allow, arn, att, policy, ref, resource, sub, tags, trust
from headgate.infra.template.views import COLUMNS, LINE, View, catalog_view, envelope_view, events_view
from headgate.settings import StageSettings, names_of, prefixes

COMPRESSION = {"gzip": "GZIP", "none": "UNCOMPRESSED"}
"""Setting to Firehose's word. Source: S3DestinationConfiguration CompressionFormat."""


def delivery_streams(settings: StageSettings) -> dict[str, Json]:
    """Make both."""
    return {"RawDelivery": _raw(settings), "CuratedDelivery": _curated(settings)}


def _raw(settings: StageSettings) -> Json:
    destination = _destination("Raw", "raw", settings.raw.size_mb, settings.raw.interval_s) | {
        "Prefix": prefixes.RAW,
        "CompressionFormat": COMPRESSION[settings.raw.compression],
    }
    properties: Json = {
        "DeliveryStreamName": names_of(settings).raw,
        "DeliveryStreamType": "KinesisStreamAsSource",
        "KinesisStreamSourceConfiguration": {
            "KinesisStreamARN": att("Stream"),
            "RoleARN": att("RawDeliveryRole"),
        },
        "ExtendedS3DestinationConfiguration": destination,
        "Tags": tags(settings),
    }
    return resource("AWS::KinesisFirehose::DeliveryStream", properties)


def _curated(settings: StageSettings) -> Json:
    wanted = settings.curated
    destination = _destination("Curated", "curated", wanted.size_mb, wanted.interval_s) | {
        "Prefix": prefixes.CURATED + prefixes.CURATED_FOLDERS,
        "CustomTimeZone": settings.time_zone,
    }
    if wanted.format == "ndjson":
        destination["CompressionFormat"] = COMPRESSION[wanted.compression or "gzip"]
    else:
        destination["CompressionFormat"] = "UNCOMPRESSED"
        destination["DataFormatConversionConfiguration"] = conversion(settings)
    properties: Json = {
        "DeliveryStreamName": names_of(settings).curated,
        "DeliveryStreamType": "DirectPut",
        "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"},
        "ExtendedS3DestinationConfiguration": destination,
        "Tags": tags(settings),
    }
    return resource("AWS::KinesisFirehose::DeliveryStream", properties)


def _destination(logical: str, kind: str, size_mb: int, interval_s: int) -> Json:
    return {
        "BucketARN": att("Bucket"),
        "RoleARN": att(f"{logical}DeliveryRole"),
        "ErrorOutputPrefix": prefixes.DELIVERY_ERRORS + kind + prefixes.ERROR_FOLDERS,
        "BufferingHints": {"SizeInMBs": size_mb, "IntervalInSeconds": interval_s},
        "CloudWatchLoggingOptions": {
            "Enabled": True,
            "LogGroupName": ref("DeliveryLogs"),
            "LogStreamName": ref(f"{logical}DeliveryLog"),
        },
    }


OBJECT_ACTIONS = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
BUCKET_ACTIONS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
STREAM_ACTIONS = [
    "kinesis:DescribeStream",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
]
TABLE_ACTIONS = ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"]
"""Source of all four: Firehose developer guide, grant Firehose access to S3, Kinesis and Glue."""


def delivery_roles(settings: StageSettings) -> dict[str, Json]:
    """Make the role of each delivery stream."""
    names = names_of(settings)
    raw = [*_writes("raw", prefixes.RAW, "Raw"), allow(STREAM_ACTIONS, att("Stream"))]
    curated = _writes("curated", prefixes.CURATED, "Curated")
    if settings.curated.format != "ndjson":
        curated.append(allow(TABLE_ACTIONS, *_table_arns()))
    return {
        "RawDeliveryRole": _firehose_role(settings, names.raw, raw),
        "CuratedDeliveryRole": _firehose_role(settings, names.curated, curated),
    }


def _writes(kind: str, prefix: str, logical: str) -> list[Json]:
    return [
        allow(BUCKET_ACTIONS, att("Bucket")),
        allow(
            OBJECT_ACTIONS,
            sub(f"${{Bucket.Arn}}/{prefix}*"),
            sub(f"${{Bucket.Arn}}/{prefixes.DELIVERY_ERRORS}{kind}/*"),
        ),
        allow(
            ["logs:PutLogEvents"],
            arn("logs", f"log-group:${{DeliveryLogs}}:log-stream:${{{logical}DeliveryLog}}"),
        ),
    ]


def _table_arns() -> list[Json]:
    return [
        arn("glue", "catalog"),
        arn("glue", "database/${Database}"),
        arn("glue", "table/${Database}/${Table}"),
    ]


def _firehose_role(settings: StageSettings, delivery_stream: str, statements: list[Json]) -> Json:
    condition = {
        "StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")},
        "ArnEquals": {"aws:SourceArn": arn("firehose", f"deliverystream/{delivery_stream}")},
    }
    properties = {
        "AssumeRolePolicyDocument": trust("firehose", Condition=condition),
        "Policies": [policy("delivery", statements)],
        "Tags": tags(settings),
    }
    return resource("AWS::IAM::Role", properties)


FIRST_DAY = "2024-01-01"
"""Partition projection begins here; a day without a folder costs nothing worth naming."""

_HIVE = "org.apache.hadoop.hive.ql.io"
_STORAGE = {
    "ndjson": (
        "org.apache.hadoop.mapred.TextInputFormat",
        f"{_HIVE}.HiveIgnoreKeyTextOutputFormat",
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    ),
    "parquet": (
        f"{_HIVE}.parquet.MapredParquetInputFormat",
        f"{_HIVE}.parquet.MapredParquetOutputFormat",
        f"{_HIVE}.parquet.serde.ParquetHiveSerDe",
    ),
    "orc": (f"{_HIVE}.orc.OrcInputFormat", f"{_HIVE}.orc.OrcOutputFormat", f"{_HIVE}.orc.OrcSerde"),
}
"""Format to input format, output format and SerDe. Source: Athena user guide, supported SerDes.

A JSON SerDe fails for the whole object where an event has a key twice, or two that differ in case; both are
legal. So a line of NDJSON is one column of text: LazySimpleSerDe cuts at U+0001 alone, its default, which is
in no JSON text, and has no quotes and no escapes. Source: Athena user guide, OpenX JSON SerDe ("does not
allow duplicate keys") and Lazy Simple SerDe; Hive, LazySerDeParameters.DefaultSeparators.
"""

_SERIALIZERS = {
    "parquet": ("ParquetSerDe", {"snappy": "SNAPPY", "gzip": "GZIP", "none": "UNCOMPRESSED"}),
    "orc": ("OrcSerDe", {"snappy": "SNAPPY", "none": "NONE"}),
}
"""Format to Firehose's serializer and its words for compression."""


def glue(settings: StageSettings) -> dict[str, Json]:
    """Make the database, the table of the stage's format, and the views over it."""
    names, catalog = names_of(settings), ref("AWS::AccountId")
    curated, events = views(settings)
    database = {"CatalogId": catalog, "DatabaseInput": {"Name": names.database}}
    table = {"CatalogId": catalog, "DatabaseName": ref("Database"), "TableInput": _table(settings)}
    return {
        "Database": resource("AWS::Glue::Database", database),
        "Table": resource("AWS::Glue::Table", table),
        "CuratedView": catalog_view(curated, names.database),
        "EventsView": catalog_view(events, names.database),
    }


def views(settings: StageSettings) -> list[View]:
    """Make the views that every stage has; `events` is the one for analysts."""
    is_text = settings.curated.format == "ndjson"
    curated = envelope_view(names_of(settings).table, table_name(settings), is_text=is_text)
    return [curated, events_view(curated)]


def table_name(settings: StageSettings) -> str:
    """Return the table's name: each format has its own, so that a change of it never meets an old table."""
    return f"{names_of(settings).table}_{settings.curated.format}"


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
    is_text = settings.curated.format == "ndjson"
    root = {"Fn::Sub": f"s3://${{Bucket}}/{prefixes.CURATED}"}
    folders = {"Fn::Sub": f"s3://${{Bucket}}/{prefixes.CURATED}dt=${{!dt}}/hour=${{!hour}}/"}
    return {
        "Name": table_name(settings),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": {"ndjson": "csv"}.get(settings.curated.format, settings.curated.format),
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
            "Columns": [{"Name": name, "Type": "string"} for name in ((LINE,) if is_text else COLUMNS)],
            "Location": root,
            "InputFormat": reads,
            "OutputFormat": writes,
            "SerdeInfo": {"SerializationLibrary": serde}
            | ({"Parameters": {"serialization.format": "1"}} if is_text else {}),
        },
    }
