"""Makes the stage's bucket, stream and delivery streams on the local endpoint, as the template names them.

What an earlier run made stays as it is, but for the settings of the delivery streams and those of the stream
that have changed since. Called once when the AWS process starts.
"""

import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from headgate.aws_errors import error_message
from headgate.local.errors import LocalError
from headgate.local.options import Options
from headgate.local.plan import StagePlan

_APPLIED = "applied.json"  # the stream's settings at the last start


def provision(plan: StagePlan, options: Options, kinesis: Any, firehose: Any, s3: Any) -> None:
    """Make what is missing and follow the settings. Raises LocalError where that is not possible."""
    try:
        _make_bucket(s3, plan.bucket)
        if not _has_stream(kinesis, plan.stream["Name"]):
            _forget_places(firehose, plan.deliveries)
        _make_stream(kinesis, plan.stream, options)
        for properties in plan.deliveries:
            _make_delivery_stream(firehose, properties)
    except ClientError as error:
        raise LocalError(f"The local resources cannot be made: {error_message(error)}") from error


def _make_bucket(s3: Any, name: str) -> None:
    if name in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        return
    region = s3.meta.region_name
    # Source: CreateBucket API reference: every region but us-east-1 has to be named.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **place)


def _has_stream(kinesis: Any, name: str) -> bool:
    try:
        kinesis.describe_stream_summary(StreamName=name)
    except kinesis.exceptions.ResourceNotFoundException:
        return False
    return True


def _forget_places(firehose: Any, deliveries: list[dict[str, Any]]) -> None:
    """Delete the delivery streams of a stream that is gone: their places mean nothing for a new one."""
    for properties in deliveries:
        if "KinesisStreamSourceConfiguration" in properties:
            with suppress(firehose.exceptions.ResourceNotFoundException):
                firehose.delete_delivery_stream(DeliveryStreamName=properties["DeliveryStreamName"])


def _make_stream(kinesis: Any, properties: dict[str, Any], options: Options) -> None:
    """Make the stream, or give it what changed in the settings since the last start, as a deployment would.

    What a person changed by the API stays until the settings change. `--shards` counts at every start.
    """
    name, shards = properties["Name"], options.shards or properties.get("ShardCount")
    hours = properties["RetentionPeriodHours"]
    if not _has_stream(kinesis, name):
        kinesis.create_stream(StreamName=name, ShardCount=shards or 1)
    applied = options.folder / _APPLIED
    before = json.loads(applied.read_text()) if applied.exists() else {}
    wanted = {"ShardCount": properties.get("ShardCount"), "RetentionPeriodHours": hours}
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    if before.get("RetentionPeriodHours") != hours:
        _retain(kinesis, name, summary["RetentionPeriodHours"], hours)
    if shards and (options.shards or before.get("ShardCount") != shards):
        _reshard(kinesis, name, summary["OpenShardCount"], shards)
    applied.write_text(json.dumps(wanted))


def _retain(kinesis: Any, name: str, hours: int, target: int) -> None:
    if target > hours:
        kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=target)
    elif target < hours:
        kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=target)


def _reshard(kinesis: Any, name: str, count: int, target: int) -> None:
    """Go to `target` shards in the steps that Kinesis allows: at most double, at least half."""
    while count != target:
        count = min(target, count * 2) if target > count else max(target, (count + 1) // 2)
        kinesis.update_shard_count(StreamName=name, TargetShardCount=count, ScalingType="UNIFORM_SCALING")


def _make_delivery_stream(firehose: Any, properties: dict[str, Any]) -> None:
    name = properties["DeliveryStreamName"]
    destination = properties["ExtendedS3DestinationConfiguration"]
    try:
        found = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    except firehose.exceptions.ResourceNotFoundException:
        # The template's property names are the API's.
        firehose.create_delivery_stream(**properties)
        return
    (before,) = found["Destinations"]
    if "DataFormatConversionConfiguration" in before["ExtendedS3DestinationDescription"]:
        # What an update does not name stays, so a stage that goes back to ndjson has to say it.
        destination = {"DataFormatConversionConfiguration": {"Enabled": False}, **destination}
    firehose.update_destination(
        DeliveryStreamName=name,
        CurrentDeliveryStreamVersionId=found["VersionId"],
        DestinationId=before["DestinationId"],
        ExtendedS3DestinationUpdate=destination,
    )
