"""The two delivery streams.

The archive reads the stream, the analysts' copy takes what the transform puts.
"""

from headgate.infra import prefixes
from headgate.infra.glue import conversion
from headgate.infra.intrinsics import Json, att, ref, resource, tags
from headgate.settings import StageSettings, names_of

COMPRESSION = {"gzip": "GZIP", "snappy": "Snappy", "zip": "ZIP", "none": "UNCOMPRESSED"}
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
        "ErrorOutputPrefix": prefixes.error_prefix(kind),
        "BufferingHints": {"SizeInMBs": size_mb, "IntervalInSeconds": interval_s},
        "CloudWatchLoggingOptions": {
            "Enabled": True,
            "LogGroupName": ref("DeliveryLogs"),
            "LogStreamName": ref(f"{logical}DeliveryLog"),
        },
    }
