"""Each rule of the gate passes on the real template and sees what it is there to see."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headgate.infra.template.template import data_plane
from headgate.settings import load_settings
from tools.gate.rules import RULES, broken

ROOT = Path(__file__).parents[2]
GOLDEN: dict[str, Any] = json.loads(
    (ROOT / "tests" / "infra" / "golden-prod.json").read_text(encoding="utf-8")
)
MAPPING = "TransformTransformKinesisEventSource"
STAGE = "RestAPIprodStage"

Break = Callable[[dict[str, Any]], object]


def props(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda resources: resources[name]["Properties"]


def drop(name: str, *path: str) -> Break:
    def act(resources: dict[str, Any]) -> None:
        node = props(name)(resources)
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return act


def put(name: str, *path: Any, to: Any) -> Break:
    def act(resources: dict[str, Any]) -> None:
        node: Any = props(name)(resources)
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = to

    return act


def attribute(name: str, key: str, value: str | None) -> Break:
    return lambda resources: resources[name].update({key: value})


def allow(name: str, statement: dict[str, Any]) -> Break:
    def act(resources: dict[str, Any]) -> None:
        props(name)(resources)["Policies"][0]["PolicyDocument"]["Statement"].append(
            {"Effect": "Allow"} | statement
        )

    return act


def add(name: str, body: dict[str, Any]) -> Break:
    return lambda resources: resources.update({name: body})


ENCRYPTED, LOGS, TLS = (
    "deliveries_are_encrypted_and_logged",
    "access_logs_hold_no_payload",
    "the_bucket_takes_tls_only",
)
FORMAT = ("AccessLogSetting", "Format")
BINARY = ("Body", "x-amazon-apigateway-binary-media-types")
RESPONSES = ("Body", "x-amazon-apigateway-gateway-responses")
S3 = "ExtendedS3DestinationConfiguration"
BREAKS: list[tuple[str, Break]] = [
    ("the_stream_is_encrypted", drop("Stream", "StreamEncryption")),
    (
        "deliveries_are_encrypted_and_logged",
        drop("CuratedDelivery", "DeliveryStreamEncryptionConfigurationInput"),
    ),
    (ENCRYPTED, drop("RawDelivery", S3, "CloudWatchLoggingOptions")),
    ("errors_lie_outside_the_data", drop("RawDelivery", S3, "ErrorOutputPrefix")),
    ("errors_lie_outside_the_data", put("RawDelivery", S3, "ErrorOutputPrefix", to="raw-data/errors/")),
    ("prefixes_use_the_calendar_year", put("CuratedDelivery", S3, "Prefix", to="curated/!{timestamp:YYYY}/")),
    ("the_bucket_is_closed", put("Bucket", "PublicAccessBlockConfiguration", "BlockPublicPolicy", to=False)),
    ("the_bucket_is_closed", drop("Bucket", "PublicAccessBlockConfiguration", "IgnorePublicAcls")),
    ("the_bucket_is_closed", drop("Bucket", "OwnershipControls")),
    ("the_bucket_is_closed", drop("Bucket", "BucketEncryption")),
    ("the_bucket_is_closed", drop("Bucket", "VersioningConfiguration")),
    (TLS, lambda resources: resources.pop("BucketPolicy")),
    (
        "the_bucket_takes_tls_only",
        put("BucketPolicy", "PolicyDocument", "Statement", 0, "Action", to="s3:GetObject"),
    ),
    ("the_bucket_cleans_up", put("Bucket", "LifecycleConfiguration", "Rules", 0, "Status", to="Disabled")),
    ("data_outlives_the_stack", attribute("Bucket", "DeletionPolicy", "Delete")),
    ("data_outlives_the_stack", attribute("Stream", "UpdateReplacePolicy", None)),
    ("no_action_is_open", allow("ApiHandlerRole", {"Action": "kinesis:*", "Resource": "x"})),
    ("no_action_is_open", allow("TransformRole", {"NotAction": "iam:PassRole", "Resource": "x"})),
    ("no_resource_is_open", allow("ApiHandlerRole", {"Action": ["kinesis:PutRecords"], "Resource": "*"})),
    (
        "services_are_held_to_this_account",
        lambda r: props("RawDeliveryRole")(r)["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"),
    ),
    (
        "services_are_held_to_this_account",
        lambda r: props("AlarmTopicPolicy")(r)["PolicyDocument"]["Statement"][0].pop("Condition"),
    ),
    ("the_mapping_is_bounded", drop(MAPPING, "MaximumRetryAttempts")),
    ("the_mapping_is_bounded", put(MAPPING, "MaximumRetryAttempts", to=11)),
    ("the_mapping_is_bounded", drop(MAPPING, "MaximumRecordAgeInSeconds")),
    ("the_mapping_reports_and_keeps_failures", drop(MAPPING, "FunctionResponseTypes")),
    ("the_mapping_reports_and_keeps_failures", put(MAPPING, "BisectBatchOnFunctionError", to=False)),
    ("the_mapping_reports_and_keeps_failures", put(MAPPING, "StartingPosition", to="LATEST")),
    ("the_mapping_reports_and_keeps_failures", drop(MAPPING, "DestinationConfig")),
    ("records_outlive_the_mapping", put("Stream", "RetentionPeriodHours", to=47)),
    ("functions_wait_for_their_resources", attribute("Transform", "DependsOn", "")),
    (
        "each_api_has_one_stage",
        add("Second", {"Type": "AWS::ApiGateway::Stage", "Properties": {"RestApiId": {"Ref": "RestAPI"}}}),
    ),
    ("each_api_has_one_stage", lambda resources: resources.pop(STAGE)),
    ("stages_are_throttled_and_logged", drop(STAGE, "MethodSettings")),
    ("stages_are_throttled_and_logged", put(STAGE, "MethodSettings", 0, "DataTraceEnabled", to=True)),
    ("stages_are_throttled_and_logged", drop(STAGE, "AccessLogSetting")),
    (LOGS, put(STAGE, *FORMAT, to='{"b": "$input.body"}')),
    (
        "access_logs_hold_no_payload",
        put(STAGE, *FORMAT, to='{"k": "$context.identity.apiKey"}'),
    ),
    (
        "access_logs_hold_no_payload",
        put(STAGE, *FORMAT, to="$context.requestId $context.status"),
    ),
    ("bodies_reach_functions_as_bytes", put("RestAPI", *BINARY, to=["application/octet-stream"])),
    ("bodies_reach_functions_as_bytes", drop("RestAPI", *BINARY)),
    ("partition_keys_are_kept", put("Stream", "StreamModeDetails", "StreamMode", to="ON_DEMAND")),
    ("gateway_errors_have_our_shape", drop("RestAPI", *RESPONSES, "DEFAULT_5XX")),
    ("gateway_errors_have_our_shape", put("RestAPI", *RESPONSES, "DEFAULT_5XX", "statusCode", to="500")),
    ("gateway_errors_have_our_shape", put("RestAPI", *RESPONSES, "THROTTLED", "responseTemplates", to={})),
    ("alarms_watch_metrics_that_exist", put("IteratorAgeAlarm", "MetricName", to="IteratorAgeMilliseconds")),
    ("alarms_watch_metrics_that_exist", put("QuarantineAlarm", "Dimensions", to=[])),
    ("alarms_watch_resources_that_exist", put("IteratorAgeAlarm", "Dimensions", 0, "Value", to="another")),
    ("alarms_watch_resources_that_exist", put("Bucket", "MetricsConfigurations", to=[])),
    ("alarms_tell_somebody", put("WriteThrottledAlarm", "AlarmActions", to=[])),
    ("alarms_tell_somebody", put("WriteThrottledAlarm", "AlarmDescription", to="I2")),
    ("alarms_tell_somebody", drop("WriteThrottledAlarm", "TreatMissingData")),
    ("alarms_tell_somebody", put("IteratorAgeAlarm", "TreatMissingData", to="notBreaching")),
    ("alarms_tell_somebody", put("ArchiveBehindAlarm", "TreatMissingData", to="notBreaching")),
    (
        "alarms_watch_metrics_that_exist",
        put("ArchiveStoppedAlarm", "Metrics", 2, "MetricStat", "Metric", "MetricName", to="Read"),
    ),
    (
        "alarms_watch_resources_that_exist",
        put("TransformStoppedAlarm", "Metrics", 1, "MetricStat", "Metric", "Dimensions", 0, "Value", to="x"),
    ),
    ("alarms_watch_metrics_that_exist", put("GatewayErrorsFilter", "MetricTransformations", to=[])),
    (
        "every_promise_has_an_alarm",
        lambda r: (r.pop("IngestErrorsAlarm"), r.pop("TransformErrorsAlarm")),
    ),
    ("logs_do_not_grow_for_ever", drop("AccessLogs", "RetentionInDays")),
    ("logs_do_not_grow_for_ever", lambda resources: resources.pop("TransformLogs")),
    ("nothing_is_hard_coded", put("Stream", "Name", to="of-123456789012")),
    ("nothing_is_hard_coded", put(MAPPING, "EventSourceArn", to="arn:aws:kinesis:${AWS::Region}:x")),
    ("nothing_is_hard_coded", put("Dashboard", "DashboardBody", to="eu-west-1")),
    ("everything_is_tagged", drop("Stream", "Tags")),
]


@pytest.fixture
def template() -> dict[str, Any]:
    return copy.deepcopy(GOLDEN)


def test_the_real_template_passes_every_rule() -> None:
    assert broken(GOLDEN) == []


@pytest.mark.parametrize(("rule", "act"), BREAKS, ids=[f"{rule}-{at}" for at, (rule, _) in enumerate(BREAKS)])
def test_a_rule_sees_its_break(template: dict[str, Any], rule: str, act: Break) -> None:
    act(template["Resources"])
    assert RULES[rule](template)


def test_an_output_without_a_word_is_seen(template: dict[str, Any]) -> None:
    template["Outputs"]["BucketName"].pop("Description")
    assert RULES["outputs_are_described"](template) == ["BucketName is not described"]


def test_every_rule_has_a_test_that_breaks_it() -> None:
    assert {rule for rule, _ in BREAKS} | {"outputs_are_described"} == set(RULES)


def test_the_golden_template_is_what_the_settings_make_today() -> None:
    """Mend it with `python -m tools.gate --update`."""
    ours = data_plane(load_settings(ROOT, "prod"))["Resources"]
    ours.pop("UsagePlan")  # the merged template names Chalice's API in it
    assert {name: GOLDEN["Resources"].get(name) for name in ours} == ours
