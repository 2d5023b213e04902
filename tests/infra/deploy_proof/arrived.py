"""Compares what a deployed stage is with what its template says, setting by setting, through boto3.

That a stack is complete proves little: an emulator may drop what it does not know. What ministack is known to
drop is listed in DROPPED and must then really be missing, so that the list cannot rot.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from headgate.infra.template.api import gateway_responses
from headgate.infra.template.functions import mapping
from headgate.infra.template.intrinsics import Json
from headgate.infra.template.resolve import resolve
from headgate.infra.template.template import data_plane
from headgate.settings import StageSettings, names_of
from tests.infra.deploy_proof.emulator import ACCOUNT, REGION, Ministack

DROPPED = {"stream encryption", "bucket lifecycle", "bucket tags", "bucket metrics"}
DROPPED_2 = DROPPED | {"stage access log"}
"""In a CloudFormation-managed deploy the stack makes the API's stage; ministack leaves its access log out."""


class Setting(NamedTuple):
    """One setting: what the template says and what AWS says."""

    name: str
    wanted: Any
    found: Any


def compared(stack: Ministack, settings: StageSettings, api_id: str) -> list[Setting]:
    """Look at everything."""
    resources = resolve(data_plane(settings), ACCOUNT, REGION, _STATIC)
    properties = {name: body["Properties"] for name, body in resources.items()}
    parts = (
        _stream(stack, properties["Stream"]),
        _bucket(stack, properties["Bucket"]),
        _deliveries(stack, properties),
        _mapping(stack, settings),
        _api(stack, settings, api_id),
        _watching(stack, settings),
    )
    return [each for part in parts for each in part]


def wrong(settings: list[Setting], dropped: set[str]) -> list[str]:
    """Answer a line for each setting that did not arrive, and for each that arrived against expectation."""
    lines = [
        f"{each.name}: wanted {each.wanted!r}, found {each.found!r}"
        for each in settings
        if each.name not in dropped and each.found != each.wanted
    ]
    kept = [each.name for each in settings if each.name in dropped and each.found == each.wanted]
    return lines + [f"{name}: ministack no longer drops it; take it off the list" for name in kept]


_STATIC = ("Stream", "Bucket", "RawDelivery", "CuratedDelivery")


def _stream(stack: Ministack, wanted: Json) -> Iterator[Setting]:
    client, name = stack.client("kinesis"), wanted["Name"]
    found = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    yield Setting("stream shards", wanted["ShardCount"], found["OpenShardCount"])
    yield Setting("stream retention", wanted["RetentionPeriodHours"], found["RetentionPeriodHours"])
    yield Setting("stream mode", wanted["StreamModeDetails"], found["StreamModeDetails"])
    yield Setting("stream encryption", "KMS", found["EncryptionType"])
    yield Setting(
        "stream tags", _pairs(wanted["Tags"]), _ours(client.list_tags_for_stream(StreamName=name)["Tags"])
    )


def _bucket(stack: Ministack, wanted: Json) -> Iterator[Setting]:
    client, name = stack.client("s3"), wanted["BucketName"]

    def ask(operation: str, key: str) -> Any:
        try:
            return getattr(client, operation)(Bucket=name).get(key)
        except client.exceptions.ClientError:
            return None

    blocks = wanted["PublicAccessBlockConfiguration"]
    yield Setting("bucket versions", "Enabled", ask("get_bucket_versioning", "Status"))
    yield Setting("bucket blocks", blocks, ask("get_public_access_block", "PublicAccessBlockConfiguration"))
    yield Setting(
        "bucket owner", wanted["OwnershipControls"], ask("get_bucket_ownership_controls", "OwnershipControls")
    )
    rules = (ask("get_bucket_encryption", "ServerSideEncryptionConfiguration") or {}).get("Rules", [{}])
    yield Setting(
        "bucket encryption", {"SSEAlgorithm": "AES256"}, rules[0].get("ApplyServerSideEncryptionByDefault")
    )
    policy = json.loads(ask("get_bucket_policy", "Policy") or "{}")
    sids = [each["Sid"] for each in policy.get("Statement", [])]
    yield Setting("bucket policy", ["TlsOnly", "Tls12"], sids)
    lifecycle = ask("get_bucket_lifecycle_configuration", "Rules") or []
    yield Setting("bucket lifecycle", ["housekeeping"], [each["ID"] for each in lifecycle])
    yield Setting("bucket tags", _pairs(wanted["Tags"]), _ours(ask("get_bucket_tagging", "TagSet") or []))
    metrics = ask("list_bucket_metrics_configurations", "MetricsConfigurationList") or []
    ids = [each["Id"] for each in wanted["MetricsConfigurations"]]
    yield Setting("bucket metrics", ids, [each["Id"] for each in metrics])


def _deliveries(stack: Ministack, properties: dict[str, Json]) -> Iterator[Setting]:
    client = stack.client("firehose")
    keys = (
        "Prefix",
        "ErrorOutputPrefix",
        "BufferingHints",
        "CompressionFormat",
        "BucketARN",
        "CloudWatchLoggingOptions",
    )
    for logical in ("RawDelivery", "CuratedDelivery"):
        wanted = properties[logical]
        name = wanted["DeliveryStreamName"]
        found = client.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        destination = found["Destinations"][0]["ExtendedS3DestinationDescription"]
        yield Setting(f"{name} type", wanted["DeliveryStreamType"], found["DeliveryStreamType"])
        for key in keys:
            yield Setting(
                f"{name} {key}", wanted["ExtendedS3DestinationConfiguration"][key], destination.get(key)
            )
        tags = client.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]
        yield Setting(f"{name} tags", _pairs(wanted["Tags"]), _ours(tags))
        if wanted["DeliveryStreamType"] == "DirectPut":
            encryption = found.get("DeliveryStreamEncryptionConfiguration", {})
            yield Setting(f"{name} encryption", "AWS_OWNED_CMK", encryption.get("KeyType"))


def _mapping(stack: Ministack, settings: StageSettings) -> Iterator[Setting]:
    function = names_of(settings).transform_function
    found = stack.client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    yield Setting("one mapping", 1, len(found))
    bucket = f"arn:aws:s3:::headgate-{settings.stage}-{ACCOUNT}-{REGION}"
    wanted = mapping(settings) | {"DestinationConfig": {"OnFailure": {"Destination": bucket}}}
    for key, value in wanted.items():
        yield Setting(f"mapping {key}", value, found[0].get(key))


def _api(stack: Ministack, settings: StageSettings, api_id: str) -> Iterator[Setting]:
    client = stack.client("apigateway")
    stage = client.get_stage(restApiId=api_id, stageName=settings.stage)
    every = stage.get("methodSettings", {}).get("*/*", {})
    yield Setting("stage rate", settings.throttle.rate_per_s, every.get("throttlingRateLimit"))
    yield Setting("stage burst", settings.throttle.burst, every.get("throttlingBurstLimit"))
    yield Setting("stage metrics", wanted=True, found=every.get("metricsEnabled"))
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/headgate/{settings.stage}/access"
    yield Setting("stage access log", log, stage.get("accessLogSettings", {}).get("destinationArn"))
    plans = [
        each for each in client.get_usage_plans()["items"] if each["name"] == f"headgate-{settings.stage}"
    ]
    stages = [{key: each[key] for key in ("apiId", "stage")} for each in plans[0].get("apiStages", [])]
    yield Setting("usage plan stages", [{"apiId": api_id, "stage": settings.stage}], stages)
    wanted = {"rateLimit": float(settings.partner.rate_per_s), "burstLimit": settings.partner.burst}
    yield Setting("usage plan throttle", wanted, plans[0].get("throttle"))


def _watching(stack: Ministack, settings: StageSettings) -> Iterator[Setting]:
    template = data_plane(settings)["Resources"]
    wanted = {
        body["Properties"]["AlarmName"]: (
            body["Properties"].get("MetricName"),
            float(body["Properties"]["Threshold"]),
        )
        for body in template.values()
        if body["Type"] == "AWS::CloudWatch::Alarm"
    }
    alarms = stack.client("cloudwatch").describe_alarms(MaxRecords=100)["MetricAlarms"]
    found = {each["AlarmName"]: (each.get("MetricName"), each["Threshold"]) for each in alarms}
    for name, (metric, _) in wanted.items():
        if metric is None and name in found:  # it computes, which the emulator cannot
            found[name] = (None, found[name][1])
    yield Setting("alarms", wanted, found)
    groups = stack.client("logs").describe_log_groups(logGroupNamePrefix=f"/headgate/{settings.stage}/")[
        "logGroups"
    ]
    days = {each["logGroupName"]: each.get("retentionInDays") for each in groups}
    names = (f"/headgate/{settings.stage}/access", f"/headgate/{settings.stage}/delivery")
    yield Setting("log retention", dict.fromkeys(names, settings.log_retention_days), days)


def responses(stack: Ministack, settings: StageSettings, api_id: str) -> Setting:
    """Compare the API's error responses.

    A CloudFormation-managed deploy brings them in the API's document, which ministack does not read.
    """
    found = stack.client("apigateway").get_gateway_responses(restApiId=api_id, limit=500)["items"]
    statuses = {
        each["responseType"]: each.get("statusCode") for each in found if not each.get("defaultResponse")
    }
    wanted = {kind: each.get("statusCode") for kind, each in gateway_responses(settings).items()}
    return Setting("gateway responses", wanted, statuses)


def _pairs(tags: list[Json]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in tags}


def _ours(tags: list[Json]) -> dict[str, str]:
    return {key: value for key, value in _pairs(tags).items() if not key.startswith("aws:")}
