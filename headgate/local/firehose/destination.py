"""An S3 destination: what CreateDeliveryStream and UpdateDestination say, checked and made ready to use.

Decides defaults and refusals. Never delivers. Called by streams.py (to check and to describe) and by
fleet.py (to get the DestinationPlan that delivery.py follows).

Source: Firehose API reference, ExtendedS3DestinationConfiguration.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from headgate.local.firehose.buffer import MIB_BYTES, Hints
from headgate.local.firehose.compress import Format, UnsupportedFormatError, choose_format
from headgate.local.firehose.prefix import ObjectNaming, PrefixError, data_template, error_template
from headgate.local.wire import AwsError

# Makes the Format of a DataFormatConversionConfiguration (Parquet, ORC).
Converter = Callable[[Mapping[str, Any]], Format]

# Source: BufferingHints: SizeInMBs 1-128, default 5, with format conversion 64-128, default 128;
# IntervalInSeconds 0-900, default 300.
_SIZE_MAX_MIB, _SIZE_MIN_MIB, _SIZE_DEFAULT_MIB = 128, 1, 5
_CONVERTED_SIZE_MIN_MIB, _CONVERTED_SIZE_DEFAULT_MIB = 64, 128
_INTERVAL_MAX_S, _INTERVAL_DEFAULT_S = 900, 300

_BUCKET_ARN = re.compile(r"arn:[^:]*:s3:::(?P<bucket>[\w.\-]{1,255})")
_ROLE_ARN = re.compile(r"arn:[^:]*:iam::\d{12}:role/[a-zA-Z_0-9+=,.@\-_/]+")
_FILE_EXTENSION = re.compile(r"|\.[0-9a-z!\-_.*'()]+")
_FILE_EXTENSION_MAX_CHARACTERS = 128


@dataclass(frozen=True)
class DestinationPlan:
    """All that delivery needs to know of one version of a destination; `errors` names its error output."""

    bucket: str
    naming: ObjectNaming
    errors: ObjectNaming
    hints: Hints
    format: Format


def complete(wire: Mapping[str, Any]) -> dict[str, Any]:
    """Fill the defaults that DescribeDeliveryStream shows. Raises AwsError for half a BufferingHints."""
    hints = wire.get("BufferingHints") or {}
    if len(hints) == 1:
        raise invalid("BufferingHints needs both SizeInMBs and IntervalInSeconds, or neither.")
    size_mib = _CONVERTED_SIZE_DEFAULT_MIB if is_converted(wire) else _SIZE_DEFAULT_MIB
    return {
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
        "S3BackupMode": "Disabled",
        **wire,
        "BufferingHints": {"SizeInMBs": size_mib, "IntervalInSeconds": _INTERVAL_DEFAULT_S, **hints},
    }


def is_converted(wire: Mapping[str, Any]) -> bool:
    """Say whether the destination writes Parquet or ORC; given without Enabled means enabled."""
    conversion = wire.get("DataFormatConversionConfiguration")
    return conversion is not None and conversion.get("Enabled", True)


def make_plan(
    name: str, version: int, wire: Mapping[str, Any], converter: Converter | None
) -> DestinationPlan:
    """Check a completed destination. Raises AwsError(InvalidArgumentException) with the rule it breaks."""
    _refuse_unsupported(wire)
    if not _ROLE_ARN.fullmatch(wire.get("RoleARN", "")):
        raise invalid("RoleARN is missing or is not the ARN of a role.")
    bucket = _BUCKET_ARN.fullmatch(wire.get("BucketARN", ""))
    if bucket is None:
        raise invalid("BucketARN is missing or is not the ARN of a bucket.")
    try:
        prefix = data_template(wire.get("Prefix", ""))
        errors = error_template(wire.get("ErrorOutputPrefix", ""), wire.get("Prefix", ""))
    except PrefixError as error:
        raise invalid(str(error)) from error
    form = _format(wire, converter)
    extension = _extension(wire.get("FileExtension", "")) or form.extension
    zone = _zone(wire.get("CustomTimeZone", ""))
    return DestinationPlan(
        bucket["bucket"],
        ObjectNaming(name, version, prefix, zone, extension),
        ObjectNaming(name, version, errors, zone, ""),
        _hints(wire),
        form,
    )


def invalid(message: str) -> AwsError:
    """Return the refusal of an argument."""
    return AwsError("InvalidArgumentException", message)


def _refuse_unsupported(wire: Mapping[str, Any]) -> None:
    for part in ("ProcessingConfiguration", "DynamicPartitioningConfiguration"):
        if (wire.get(part) or {}).get("Enabled"):
            raise invalid(f"{part} is not supported by the local Firehose.")
    if wire.get("S3BackupMode", "Disabled") != "Disabled":
        raise invalid("S3BackupMode is not supported by the local Firehose.")


def _format(wire: Mapping[str, Any], converter: Converter | None) -> Format:
    compression = wire["CompressionFormat"]
    try:
        if not is_converted(wire):
            return choose_format(compression)
        if compression != "UNCOMPRESSED":
            raise invalid("CompressionFormat must be UNCOMPRESSED when data format conversion is enabled.")
        if converter is None:
            raise invalid("DataFormatConversionConfiguration is not supported by this local Firehose.")
        return converter(wire["DataFormatConversionConfiguration"])
    except UnsupportedFormatError as error:
        raise invalid(str(error)) from error


def _extension(text: str) -> str:
    if not _FILE_EXTENSION.fullmatch(text) or len(text) > _FILE_EXTENSION_MAX_CHARACTERS:
        raise invalid("FileExtension must start with a dot and use only 0-9 a-z ! - _ . * ' ( ).")
    return text


def _zone(name: str) -> tzinfo:
    if name in {"", "UTC"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid(f"CustomTimeZone {name} is not a time zone that this machine knows.") from error


def _hints(wire: Mapping[str, Any]) -> Hints:
    hints = wire["BufferingHints"]
    size_mib, interval_s = hints["SizeInMBs"], hints["IntervalInSeconds"]
    least_mib = _CONVERTED_SIZE_MIN_MIB if is_converted(wire) else _SIZE_MIN_MIB
    if not least_mib <= size_mib <= _SIZE_MAX_MIB:
        raise invalid(f"BufferingHints.SizeInMBs must be {least_mib} to {_SIZE_MAX_MIB}.")
    if not 0 <= interval_s <= _INTERVAL_MAX_S:
        raise invalid(f"BufferingHints.IntervalInSeconds must be 0 to {_INTERVAL_MAX_S}.")
    return Hints(size_mib * MIB_BYTES, float(interval_s))
