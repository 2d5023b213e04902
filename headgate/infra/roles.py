"""Roles of the services: one each, exact actions, usable only for this account's own delivery stream."""

from headgate.infra import prefixes
from headgate.infra.intrinsics import Json, arn, att, ref, resource, sub, tags
from headgate.settings import StageSettings, names_of

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


def allow(actions: list[str], *resources: Json | str) -> Json:
    """Make one Allow statement."""
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}


def policy(name: str, statements: list[Json]) -> Json:
    """Make one inline policy."""
    return {"PolicyName": name, "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}


def trust(service: str, **limits: Json) -> Json:
    """Make the policy that lets a service take a role; `limits` are a Condition, if there is one."""
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **limits}
    return {"Version": "2012-10-17", "Statement": [statement]}


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
