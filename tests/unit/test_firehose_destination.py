from typing import Any

import pytest

from headgate.local.firehose.buffer import MIB_BYTES, Hints
from headgate.local.firehose.compress import choose_format
from headgate.local.firehose.destination import complete, make_plan
from headgate.local.wire import AwsError
from tests.firehose_rig import DESTINATION, NAME, make_test_plan


@pytest.mark.parametrize(("size_mib", "interval_s"), [(1, 0), (128, 900), (5, 300)])
def test_buffering_hints_go_from_1_to_128_mib_and_from_0_to_900_seconds(
    size_mib: int, interval_s: int
) -> None:
    plan = make_test_plan(BufferingHints={"SizeInMBs": size_mib, "IntervalInSeconds": interval_s})
    assert plan.hints == Hints(size_mib * MIB_BYTES, float(interval_s))


def test_defaults_are_those_of_aws() -> None:
    described = complete({key: DESTINATION[key] for key in ("RoleARN", "BucketARN")})
    assert described["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 300}
    assert described["CompressionFormat"] == "UNCOMPRESSED"
    assert described["EncryptionConfiguration"] == {"NoEncryptionConfig": "NoEncryption"}


@pytest.mark.parametrize(
    ("changes", "extension"),
    [
        ({}, ""),
        ({"CompressionFormat": "GZIP"}, ".gz"),
        ({"CompressionFormat": "ZIP"}, ".zip"),
        ({"CompressionFormat": "GZIP", "FileExtension": ".json.gz"}, ".json.gz"),
        ({"CompressionFormat": "GZIP", "FileExtension": ""}, ".gz"),
    ],
)
def test_file_extension_overrides_the_formats_own(changes: dict[str, Any], extension: str) -> None:
    assert make_test_plan(**changes).naming.extension == extension


@pytest.mark.parametrize(
    ("changes", "part_of_message"),
    [
        ({"BufferingHints": {"SizeInMBs": 0, "IntervalInSeconds": 60}}, "SizeInMBs"),
        ({"BufferingHints": {"SizeInMBs": 129, "IntervalInSeconds": 60}}, "SizeInMBs"),
        ({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": -1}}, "IntervalInSeconds"),
        ({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 901}}, "IntervalInSeconds"),
        ({"BufferingHints": {"SizeInMBs": 1}}, "both"),
        ({"CompressionFormat": "Snappy"}, "choose one of"),
        ({"CustomTimeZone": "Asia/Nowhere"}, "CustomTimeZone"),
        ({"CustomTimeZone": "../../etc/passwd"}, "CustomTimeZone"),
        ({"FileExtension": "gz"}, "FileExtension"),
        ({"FileExtension": ".GZ"}, "FileExtension"),
        ({"BucketARN": "bucket"}, "BucketARN"),
        ({"RoleARN": "role"}, "RoleARN"),
        ({"Prefix": "a/!{timestamp:yyyy}/"}, "ErrorOutputPrefix"),
        ({"Prefix": "a/!{timestamp:YYYY}/", "ErrorOutputPrefix": "e/"}, "write yyyy"),
        ({"S3BackupMode": "Enabled"}, "S3BackupMode"),
        ({"ProcessingConfiguration": {"Enabled": True}}, "ProcessingConfiguration"),
        ({"DynamicPartitioningConfiguration": {"Enabled": True}}, "DynamicPartitioning"),
        ({"DataFormatConversionConfiguration": {"Enabled": True}}, "DataFormatConversion"),
    ],
)
def test_a_destination_that_breaks_a_rule_is_refused_with_the_rule(
    changes: dict[str, Any], part_of_message: str
) -> None:
    with pytest.raises(AwsError, match=part_of_message) as refused:
        make_test_plan(**changes)
    assert refused.value.code == "InvalidArgumentException"


def test_what_is_switched_off_is_accepted_and_changes_nothing() -> None:
    plan = make_test_plan(
        ProcessingConfiguration={"Enabled": False},
        DynamicPartitioningConfiguration={"Enabled": False},
        DataFormatConversionConfiguration={"Enabled": False},
        CloudWatchLoggingOptions={"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"},
        EncryptionConfiguration={"KMSEncryptionConfig": {"AWSKMSKeyARN": "arn:aws:kms:us-east-1:1:key/k"}},
    )
    plain = make_test_plan()
    assert (plan.format, plan.hints) == (plain.format, plain.hints)


def test_a_converter_gives_the_format_and_64_to_128_mib() -> None:
    converted = {**DESTINATION, "DataFormatConversionConfiguration": {}, "FileExtension": ""}
    del converted["BufferingHints"]
    plan = make_plan(NAME, 1, complete(converted), lambda _: choose_format("ZIP"))
    assert plan.format.extension == ".zip"
    assert plan.hints.size_bytes == 128 * MIB_BYTES
    small = complete({**converted, "BufferingHints": {"SizeInMBs": 63, "IntervalInSeconds": 60}})
    with pytest.raises(AwsError, match="64"):
        make_plan(NAME, 1, small, lambda _: choose_format("ZIP"))
    packed = complete({**converted, "CompressionFormat": "GZIP"})
    with pytest.raises(AwsError, match="must be UNCOMPRESSED"):
        make_plan(NAME, 1, packed, lambda _: choose_format("ZIP"))
