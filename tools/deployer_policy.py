"""The IAM policy of the person who deploys, made from what we, Chalice and CloudFormation call.

Ours and Chalice's calls are found in the code (boto3's operation names), CloudFormation's follow from the
types of the template. `python -m tools.docs` writes docs/deployer-policy.json from it; a test holds that no
type and no call is missing, and the gate that every action exists.
"""

import ast
import importlib.util
import json
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

from headgate.infra.template.intrinsics import Json
from headgate.infra.template.template import merge_template
from headgate.settings import StageSettings, names_of

ROOT = Path(__file__).resolve().parent.parent
OUR_SERVICES = ("apigateway", "cloudformation", "kinesis", "lambda", "s3", "sts")
CHALICE_SERVICES = ("apigateway", "iam", "lambda")
CHALICE_LEAVES_OUT = ("authorizer", "base_path", "concurrency", "domain", "invoke", "layer", "sdk", "tags")
"""Parts of names in Chalice's client for what no stage of ours has."""

# Where an IAM action is not called as its operation. Source: Service Authorization Reference, Amazon S3.
RENAMED = {
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
}


def _all(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


MAKES: dict[str, tuple[str, ...]] = {
    "AWS::ApiGateway::Account": ("iam:PassRole",),
    "AWS::ApiGateway::Deployment": (),
    "AWS::ApiGateway::RestApi": (),
    "AWS::ApiGateway::Stage": (),
    "AWS::ApiGateway::UsagePlan": (),
    "AWS::CloudWatch::Alarm": _all(
        "cloudwatch",
        "DeleteAlarms DescribeAlarms ListTagsForResource PutMetricAlarm TagResource UntagResource",
    ),
    "AWS::CloudWatch::Dashboard": (
        "cloudwatch:DeleteDashboards",
        "cloudwatch:GetDashboard",
        "cloudwatch:PutDashboard",
    ),
    "AWS::Glue::Database": _all("glue", "CreateDatabase DeleteDatabase GetDatabase UpdateDatabase"),
    "AWS::Glue::Table": _all("glue", "CreateTable DeleteTable GetTable UpdateTable"),
    "AWS::IAM::Role": _all(
        "iam",
        "AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetRole GetRolePolicy "
        "ListAttachedRolePolicies ListRolePolicies PassRole PutRolePolicy TagRole UntagRole "
        "UpdateAssumeRolePolicy UpdateRole",
    ),
    "AWS::Kinesis::Stream": _all(
        "kinesis",
        "AddTagsToStream CreateStream DecreaseStreamRetentionPeriod DeleteStream DescribeStream "
        "DescribeStreamSummary IncreaseStreamRetentionPeriod ListTagsForStream RemoveTagsFromStream "
        "StartStreamEncryption StopStreamEncryption UpdateShardCount UpdateStreamMode",
    ),
    "AWS::KinesisFirehose::DeliveryStream": (
        "iam:PassRole",
        *_all(
            "firehose",
            "CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream "
            "ListTagsForDeliveryStream TagDeliveryStream UntagDeliveryStream UpdateDestination",
        ),
    ),
    "AWS::Lambda::EventSourceMapping": _all(
        "lambda",
        "CreateEventSourceMapping DeleteEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping",
    ),
    "AWS::Lambda::Function": (
        "iam:PassRole",
        *_all(
            "lambda",
            "AddPermission CreateFunction DeleteFunction GetFunction GetPolicy ListTags "
            "RemovePermission TagResource UntagResource UpdateFunctionCode UpdateFunctionConfiguration",
        ),
    ),
    "AWS::Logs::LogGroup": _all(
        "logs",
        "CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeLogGroups ListTagsForResource "
        "PutRetentionPolicy TagResource UntagResource",
    ),
    "AWS::Logs::LogStream": ("logs:CreateLogStream", "logs:DeleteLogStream", "logs:DescribeLogStreams"),
    "AWS::Logs::MetricFilter": (
        "logs:DeleteMetricFilter",
        "logs:DescribeMetricFilters",
        "logs:PutMetricFilter",
    ),
    "AWS::S3::Bucket": _all(
        "s3",
        "CreateBucket DeleteBucket GetBucketOwnershipControls GetBucketPublicAccessBlock GetBucketTagging "
        "GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration GetMetricsConfiguration "
        "PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning "
        "PutEncryptionConfiguration PutLifecycleConfiguration PutMetricsConfiguration",
    ),
    "AWS::S3::BucketPolicy": ("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"),
    "AWS::SNS::Subscription": ("sns:GetSubscriptionAttributes", "sns:Subscribe", "sns:Unsubscribe"),
    "AWS::SNS::Topic": _all(
        "sns",
        "CreateTopic DeleteTopic GetTopicAttributes ListSubscriptionsByTopic ListTagsForResource "
        "SetTopicAttributes TagResource UntagResource",
    ),
    "AWS::SNS::TopicPolicy": ("sns:GetTopicAttributes", "sns:SetTopicAttributes"),
}
"""What CloudFormation calls to make, change and remove each type.

Source: the permissions of each type's handlers, CloudFormation resource schemas. API Gateway's are verbs.
"""

# These name no resource: they list, or the resource has no name yet. Source: Service Authorization Reference.
_WITHOUT_RESOURCE = {
    "cloudwatch:DescribeAlarms",
    "lambda:CreateEventSourceMapping",
    "lambda:DeleteEventSourceMapping",
    "lambda:GetEventSourceMapping",
    "lambda:ListEventSourceMappings",
    "lambda:UpdateEventSourceMapping",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",
    "sns:Unsubscribe",
    "sts:GetCallerIdentity",
}


def policy(settings: StageSettings) -> Json:
    """Return the policy document of a person who deploys one stage, in either way."""
    by_service: dict[str, set[str]] = defaultdict(set)
    for action in actions(settings):
        by_service[action.partition(":")[0]].add(action)
    statements = []
    for service, wanted in sorted(by_service.items()):
        named, unnamed = wanted - _WITHOUT_RESOURCE, wanted & _WITHOUT_RESOURCE
        if named:
            statements.append(_statement(service.title(), named, _resources(settings)[service]))
        if unnamed:
            statements.append(_statement(f"{service.title()}Lists", unnamed, ["*"]))
    return {"Version": "2012-10-17", "Statement": statements}


def text(settings: StageSettings) -> str:
    """Return the page docs/deployer-policy.json."""
    return json.dumps(policy(settings), indent=2) + "\n"


@cache
def _called() -> frozenset[tuple[str, str]]:
    """Return the operations that our commands and Chalice call."""
    chalice = Path(str(importlib.util.find_spec("chalice.awsclient").origin))  # type: ignore[union-attr]
    ours = operations(sorted((ROOT / "headgate" / "infra").rglob("*.py")), OUR_SERVICES)
    theirs = {
        (service, name)
        for service, name in operations([chalice], CHALICE_SERVICES)
        if not any(part in xform_name(name) for part in CHALICE_LEAVES_OUT) or name == "ListTags"
    }
    return frozenset(ours | theirs)


def actions(settings: StageSettings) -> set[str]:
    """Return every action that deploying, tuning, scaling and removing a stage needs."""
    found = {action for service, name in _called() for action in _actions(service, name)}
    for kind in types(settings):
        found |= set(MAKES[kind])
    return found


def types(settings: StageSettings) -> set[str]:
    """Return the types of resources of a stage, Chalice's own among them."""
    ours = {each["Type"] for each in merge_template(settings)["Resources"].values() if "Type" in each}
    return ours | {"AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping"}


def operations(files: Iterable[Path], services: Iterable[str]) -> set[tuple[str, str]]:
    """Return (service, operation) for every name of an operation that the files use as an attribute."""
    names = {
        node.attr if isinstance(node, ast.Attribute) else str(node.value)  # a paginator's name is a text
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    }
    return {
        (service, operation)
        for service in services
        for operation in _model(service).operation_names
        if xform_name(operation) in names
    }


def _actions(service: str, operation: str) -> tuple[str, ...]:
    if service == "apigateway":  # HTTP verbs. Source: Service Authorization Reference, API Gateway Management
        return (f"apigateway:{_model(service).operation_model(operation).http['method']}",)
    return RENAMED.get(f"{service}:{operation}", (f"{service}:{operation}",))


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _resources(settings: StageSettings) -> dict[str, list[str]]:
    names = names_of(settings)
    base = f"headgate-{settings.stage}"
    bucket = names.bucket.replace("{account}", "*").replace("{region}", "*")
    return {
        "apigateway": ["arn:*:apigateway:*::/*"],
        "cloudformation": [
            f"arn:*:cloudformation:*:*:stack/{base}*/*",
            "arn:*:cloudformation:*:aws:transform/*",
        ],
        "cloudwatch": [f"arn:*:cloudwatch:*:*:alarm:{base}*", f"arn:*:cloudwatch::*:dashboard/{base}"],
        "firehose": [f"arn:*:firehose:*:*:deliverystream/{each}" for each in (names.raw, names.curated)],
        "glue": [
            "arn:*:glue:*:*:catalog",
            f"arn:*:glue:*:*:database/{names.database}",
            f"arn:*:glue:*:*:table/{names.database}/*",
        ],
        "iam": [f"arn:*:iam::*:role/{base}*"],
        "kinesis": [f"arn:*:kinesis:*:*:stream/{names.stream}"],
        "lambda": [f"arn:*:lambda:*:*:function:{base}*"],
        "logs": [
            f"arn:*:logs:*:*:log-group:/aws/lambda/{base}*",
            f"arn:*:logs:*:*:log-group:/headgate/{settings.stage}/*",
        ],
        "s3": [f"arn:*:s3:::{bucket}", f"arn:*:s3:::{bucket}/*"],
        "sns": [f"arn:*:sns:*:*:{base}*"],
    }


def _statement(sid: str, wanted: Iterable[str], resources: list[str]) -> Json:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(wanted), "Resource": resources}
