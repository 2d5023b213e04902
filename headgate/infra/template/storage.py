"""Where events are kept: the Kinesis stream and the bucket. Both stay when the stack goes."""

from headgate.infra.template.intrinsics import Json, att, ref, resource, sub, tags
from headgate.settings import StageSettings, fill_bucket, names_of, prefixes


def stream(settings: StageSettings) -> dict[str, Json]:
    """Make the stream: provisioned or on-demand, encrypted, kept when the stack goes (O03).

    RetainExceptOnCreate: a first deploy that fails leaves nothing that would stand in the second one's way.
    """
    mode = "ON_DEMAND" if settings.on_demand else "PROVISIONED"
    properties: Json = {
        "Name": names_of(settings).stream,
        "StreamModeDetails": {"StreamMode": mode},
        "RetentionPeriodHours": settings.retention_hours,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        "Tags": tags(settings),
    }
    if settings.on_demand:
        # The other strategy, AUTO, ignores partition keys and hash keys: event ids and order would be lost.
        # Only on-demand streams have this property. Source: Kinesis developer guide, record distribution.
        properties["RecordDistributionStrategy"] = "USER_PARTITION_KEY"
    else:
        properties["ShardCount"] = settings.shards
    kept = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    return {"Stream": resource("AWS::Kinesis::Stream", properties, **kept)}


WATCHED = {"Quarantine": prefixes.QUARANTINE, "FailedBatches": prefixes.FAILED_BATCHES}
"""Filter id of S3's request metrics to the prefix in which a new object means that something went wrong."""


def bucket_name(settings: StageSettings) -> Json | str:
    """Return the bucket's name with the account and region of the stack; a literal one stays literal."""
    pattern = names_of(settings).bucket
    filled = fill_bucket(pattern, "${AWS::AccountId}", "${AWS::Region}")
    return pattern if filled == pattern else sub(filled)


def bucket(settings: StageSettings) -> dict[str, Json]:
    """Make the bucket and its policy."""
    properties: Json = {
        "BucketName": bucket_name(settings),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "VersioningConfiguration": {"Status": "Enabled"},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "LifecycleConfiguration": {"Rules": _lifecycle(settings)},
        "MetricsConfigurations": [{"Id": name, "Prefix": prefix} for name, prefix in WATCHED.items()],
        "Tags": tags(settings),
    }
    kept = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    return {
        "Bucket": resource("AWS::S3::Bucket", properties, **kept),
        "BucketPolicy": resource(
            "AWS::S3::BucketPolicy", {"Bucket": ref("Bucket"), "PolicyDocument": _tls_only()}
        ),
    }


def _tls_only() -> Json:
    everything = [att("Bucket"), sub("${Bucket.Arn}/*")]
    common = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "TlsOnly", **common, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Sid": "Tls12", **common, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
        ],
    }


def _lifecycle(settings: StageSettings) -> list[Json]:
    wanted = settings.lifecycle
    rules: list[Json] = [
        {
            "Id": "housekeeping",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": wanted.abort_upload_days},
            "NoncurrentVersionExpiration": {"NoncurrentDays": wanted.noncurrent_expire_days},
        }
    ]
    if wanted.raw_infrequent_access_days is not None:
        move = {"StorageClass": "STANDARD_IA", "TransitionInDays": wanted.raw_infrequent_access_days}
        rules.append(_rule("raw-infrequent-access", prefixes.RAW, {"Transitions": [move]}))
    troubled = (prefixes.QUARANTINE, prefixes.DROPPED, prefixes.DELIVERY_ERRORS, prefixes.FAILED_BATCHES)
    for days, folders in (
        (wanted.raw_expire_days, (prefixes.RAW,)),
        (wanted.curated_expire_days, (prefixes.CURATED,)),
        (wanted.quarantine_expire_days, troubled),
    ):
        if days is not None:
            rules += [
                _rule(f"{folder.strip('/').replace('/', '-')}-expire", folder, {"ExpirationInDays": days})
                for folder in folders
            ]
    return rules


def _rule(name: str, prefix: str, action: Json) -> Json:
    return {"Id": name, "Status": "Enabled", "Prefix": prefix, **action}
