"""The two functions: what they may do, how Lambda reads the stream, and their log groups.

One list of statements serves both ways to deploy: the policy files of `chalice deploy` name account and
region by `*`, since a static file cannot know them; the merged template names them exactly.

`overlay` is merged over the SAM template that Chalice packages. Chalice's merge joins objects and replaces
lists and texts; it deletes nothing. An intrinsic must therefore be merged over the same intrinsic (O01).
Logical ids are Chalice's: APIHandler, RestAPI, ApiHandlerRole, Transform, TransformRole.
"""

from collections.abc import Callable
from typing import Any

from headgate.infra.template.api import rest_api
from headgate.infra.template.intrinsics import (
    Json,
    allow,
    arn,
    att,
    policy,
    ref,
    resource,
    sub,
    tag_map,
    tags,
)
from headgate.settings import StageSettings, fill_bucket, names_of, prefixes

MAX_AGE_LIMIT_S = 604_800
"""The longest MaximumRecordAgeInSeconds. Source: Lambda API, CreateEventSourceMapping."""

INGEST_ACTIONS = ["kinesis:DescribeStreamSummary", "kinesis:PutRecords"]
"""The operations that the ingest function calls; a test compares them with the code (I12)."""
TRANSFORM_ACTIONS = ["firehose:PutRecordBatch"]
QUARANTINE_ACTIONS = ["s3:PutObject"]
MAPPING_ACTIONS = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
]
"""What Lambda itself calls for a Kinesis mapping, with the function's role.

Source: Lambda developer guide.
"""
LOG_ACTIONS = ["logs:CreateLogStream", "logs:PutLogEvents"]

Arn = Callable[[str, str], Any]
"""Service and resource to an ARN: exact (an intrinsic) or of any account and region (a text)."""


def any_account(service: str, resource: str) -> str:
    """Make an ARN for a policy file; partition, account and region are open."""
    return f"arn:*:{service}:*:*:{resource}"


def ingest_statements(settings: StageSettings, make: Arn = arn) -> list[Json]:
    """Return what the ingest function may do."""
    names = names_of(settings)
    return [
        allow(INGEST_ACTIONS, make("kinesis", f"stream/{names.stream}")),
        _logs(names.ingest_function, make),
    ]


def transform_statements(settings: StageSettings, make: Arn = arn) -> list[Json]:
    """Return what the transform may do, and Lambda in its name."""
    names = names_of(settings)
    bucket = _bucket_arn(settings, exact=make is arn)
    writes = [
        f"{bucket}/{prefix}*" for prefix in (prefixes.QUARANTINE, prefixes.DROPPED, prefixes.FAILED_BATCHES)
    ]
    return [
        allow(MAPPING_ACTIONS, make("kinesis", f"stream/{names.stream}")),
        allow(TRANSFORM_ACTIONS, make("firehose", f"deliverystream/{names.curated}")),
        allow(QUARANTINE_ACTIONS, *(sub(each) if make is arn else each for each in writes)),
        # Lambda lists the bucket before it writes to an on-failure destination.
        allow(["s3:ListBucket"], sub(bucket) if make is arn else bucket),
        _logs(names.transform_function, make),
    ]


def mapping(settings: StageSettings) -> Json:
    """Make the properties of the event source mapping.

    Bounded, with a destination that keeps the payload (T05).
    """
    wanted = settings.mapping
    return {
        "BatchSize": wanted.batch_size,
        "MaximumBatchingWindowInSeconds": wanted.window_s,
        "ParallelizationFactor": wanted.parallelization,
        "StartingPosition": "TRIM_HORIZON",
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": wanted.retries,
        "MaximumRecordAgeInSeconds": max_age_s(settings),
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Type": "S3", "Destination": att("Bucket")}},
    }


def max_age_s(settings: StageSettings) -> int:
    """Return the age at which Lambda gives a record to the destination.

    Never past half the retention (T06).
    """
    half_s = settings.retention_hours * 3600 // 2
    return settings.mapping.max_age_s or min(half_s, MAX_AGE_LIMIT_S)


def _bucket_arn(settings: StageSettings, *, exact: bool) -> str:
    pattern = names_of(settings).bucket
    if exact:
        return "arn:${AWS::Partition}:s3:::" + fill_bucket(pattern, "${AWS::AccountId}", "${AWS::Region}")
    return "arn:*:s3:::" + fill_bucket(pattern, "*", "*")


def _logs(function: str, make: Arn) -> Json:
    return allow(LOG_ACTIONS, make("logs", f"log-group:/aws/lambda/{function}:log-stream:*"))


def log_groups(settings: StageSettings) -> dict[str, Json]:
    """Make one group for each function, one for the API's access log, one for both delivery streams."""
    names = names_of(settings)
    groups = {
        "IngestLogs": f"/aws/lambda/{names.ingest_function}",
        "TransformLogs": f"/aws/lambda/{names.transform_function}",
        "AccessLogs": f"/headgate/{settings.stage}/access",
        "DeliveryLogs": f"/headgate/{settings.stage}/delivery",
    }
    made = {logical: _group(settings, name) for logical, name in groups.items()}
    for kind in ("Raw", "Curated"):
        made[f"{kind}DeliveryLog"] = resource(
            "AWS::Logs::LogStream", {"LogGroupName": ref("DeliveryLogs"), "LogStreamName": kind.lower()}
        )
    return made


def _group(settings: StageSettings, name: str) -> Json:
    properties = {
        "LogGroupName": name,
        "RetentionInDays": settings.log_retention_days,
        "Tags": tags(settings),
    }
    return resource("AWS::Logs::LogGroup", properties)


EVENT_SOURCE = "TransformKinesisEventSource"


def overlay(settings: StageSettings) -> dict[str, Json]:
    """Make the parts of `Resources` that complete Chalice's own."""
    names = names_of(settings)
    event = {"Properties": mapping(settings)}
    return {
        "APIHandler": _function(settings, names.ingest_function, "IngestLogs", {}),
        "Transform": _function(
            settings, names.transform_function, "TransformLogs", {"Events": {EVENT_SOURCE: event}}
        ),
        "ApiHandlerRole": _role(settings, ingest_statements(settings)),
        "TransformRole": _role(settings, transform_statements(settings)),
        "RestAPI": rest_api(settings),
    }


def _function(settings: StageSettings, name: str, log_group: str, properties: Json) -> Json:
    # The stream's name is a plain text in Chalice's mapping, so the order of creation has to be said (O02).
    return {
        "DependsOn": ["Stream", "CuratedDelivery", log_group],
        "Properties": {"FunctionName": name, "Tags": tag_map(settings), **properties},
    }


def _role(settings: StageSettings, statements: list[Json]) -> Json:
    return {"Properties": {"Policies": [policy("function", statements)], "Tags": tags(settings)}}
