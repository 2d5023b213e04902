"""Rules of what is stored: encryption, prefixes, the bucket, and what stays when the stack goes."""

import re
from typing import Any

from headgate.infra.template.intrinsics import Json
from headgate.settings import prefixes
from tools.gate.rules.look import of, properties

_DATA = (prefixes.RAW, prefixes.CURATED, prefixes.QUARANTINE, prefixes.FAILED_BATCHES)
_DELIVERY = "AWS::KinesisFirehose::DeliveryStream"
_WEEK_YEAR = re.compile(r"!\{timestamp:[^}]*Y[^}]*\}")


def the_stream_is_encrypted(template: Json) -> list[str]:
    """Checkov's own rule for it is for Terraform only."""
    streams = properties(template, "AWS::Kinesis::Stream")
    wanted = [
        name for name, each in streams if each.get("StreamEncryption", {}).get("EncryptionType") != "KMS"
    ]
    return [f"{name} has no server-side encryption" for name in wanted]


def partition_keys_are_kept(template: Json) -> list[str]:
    """An on-demand stream can ignore partition keys, which are event ids; a provisioned one has no choice.

    Source: Kinesis API, UpdateStreamRecordDistributionStrategy.
    """
    return [
        f"{name} does not fix its record distribution strategy"
        for name, each in properties(template, "AWS::Kinesis::Stream")
        if each.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND"
        and each.get("RecordDistributionStrategy") != "USER_PARTITION_KEY"
    ]


def deliveries_are_encrypted_and_logged(template: Json) -> list[str]:
    """A direct-put stream needs its own encryption; one that reads a stream takes the stream's."""
    found = []
    for name, each in properties(template, _DELIVERY):
        if (
            each["DeliveryStreamType"] == "DirectPut"
            and "DeliveryStreamEncryptionConfigurationInput" not in each
        ):
            found.append(f"{name} has no server-side encryption")
        if not _destination(each).get("CloudWatchLoggingOptions", {}).get("Enabled"):
            found.append(f"{name} logs no errors")
    return found


def errors_lie_outside_the_data(template: Json) -> list[str]:
    """F02: a reader of a data prefix must never meet an error object."""
    found = []
    for name, each in properties(template, _DELIVERY):
        prefix = _destination(each).get("ErrorOutputPrefix", "")
        if not prefix or prefix.startswith(_DATA) or "!{firehose:error-output-type}" not in prefix:
            found.append(f"{name} has the error prefix {prefix!r}")
    return found


def prefixes_use_the_calendar_year(template: Json) -> list[str]:
    """F03: `YYYY` is the year of the week, which differs around New Year."""
    return [
        f"{name} has a week-year in {key}"
        for name, each in properties(template, _DELIVERY)
        for key in ("Prefix", "ErrorOutputPrefix")
        if _WEEK_YEAR.search(_destination(each).get(key, ""))
    ]


def the_bucket_is_closed(template: Json) -> list[str]:
    """Four public-access blocks, owner enforced, encrypted, versioned."""
    found = []
    for name, each in properties(template, "AWS::S3::Bucket"):
        blocks = each.get("PublicAccessBlockConfiguration", {})
        if any(blocks.get(key) is not True for key in _BLOCKS):
            found.append(f"{name} lacks a public-access block")
        rules: list[Any] = each.get("OwnershipControls", {}).get("Rules", [])
        if rules != [{"ObjectOwnership": "BucketOwnerEnforced"}]:
            found.append(f"{name} has access control lists")
        if "BucketEncryption" not in each:
            found.append(f"{name} is not encrypted")
        if each.get("VersioningConfiguration") != {"Status": "Enabled"}:
            found.append(f"{name} keeps no versions")
    return found


_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def the_bucket_takes_tls_only(template: Json) -> list[str]:
    """Every bucket has a policy that denies a request without TLS."""
    covered = {
        str(each["Bucket"].get("Ref"))
        for _, each in properties(template, "AWS::S3::BucketPolicy")
        for statement in each["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        and statement["Action"] == "s3:*"
    }
    return [f"{name} takes plain HTTP" for name, _ in of(template, "AWS::S3::Bucket") if name not in covered]


def the_bucket_cleans_up(template: Json) -> list[str]:
    """F06: uploads that were never completed are paid for until somebody removes them."""
    return [
        f"{name} keeps incomplete uploads"
        for name, each in properties(template, "AWS::S3::Bucket")
        if not any(
            "AbortIncompleteMultipartUpload" in rule and rule["Status"] == "Enabled"
            for rule in each.get("LifecycleConfiguration", {}).get("Rules", [])
        )
    ]


def data_outlives_the_stack(template: Json) -> list[str]:
    """O03: deleting a stack, or renaming something, must not delete data."""
    return [
        f"{name} may be deleted with the stack"
        for name, each in of(template, "AWS::S3::Bucket", "AWS::Kinesis::Stream")
        if not str(each.get("DeletionPolicy")).startswith("Retain")
        or each.get("UpdateReplacePolicy") != "Retain"
    ]


def _destination(delivery: Json) -> Json:
    destination: Json = delivery.get("ExtendedS3DestinationConfiguration", {})
    return destination
