"""What AWS itself has to do when something fails, as the template of the stage prod asks for it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.envelope import COLUMNS
from headgate.infra.template.template import merge_template
from headgate.settings import load_settings, prefixes
from headgate.settings.parse import parse_settings

HOUR_S = 3600
DRAIN_LIMIT_S = 24 * HOUR_S  # how long Firehose keeps what it cannot deliver
AVERAGE_CALL_S = 1.0  # far above what an ingest call takes (docs/benchmarks.md)
LAMBDA_CONCURRENCY = 1000  # Source: Lambda quotas, concurrent executions of an account


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    settings = load_settings(Path(__file__).parents[2], "prod")
    found: dict[str, Any] = merge_template(settings)["Resources"]
    return found


def of(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [body["Properties"] for body in resources.values() if body.get("Type") == kind]


def alarm(resources: dict[str, Any], name: str) -> dict[str, Any]:
    properties: dict[str, Any] = resources[f"{name}Alarm"]["Properties"]
    assert properties["AlarmActions"], "an alarm that tells nobody"
    return properties


def responses(resources: dict[str, Any]) -> dict[str, Any]:
    body = resources["RestAPI"]["Properties"]["DefinitionBody"]
    found: dict[str, Any] = body["x-amazon-apigateway-gateway-responses"]
    return found


def mapping(resources: dict[str, Any]) -> dict[str, Any]:
    events = resources["Transform"]["Properties"]["Events"]
    found: dict[str, Any] = events["TransformKinesisEventSource"]["Properties"]
    return found


@pytest.mark.parametrize("kind", ["DEFAULT_5XX", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"])
def test_g05_what_lambda_cannot_take_is_a_503_of_the_contract(resources: dict[str, Any], kind: str) -> None:
    response = responses(resources)[kind]
    body = json.loads(response["responseTemplates"]["application/json"])
    assert response["statusCode"] == "503"
    assert body["Code"] in errors.CODES
    assert "gatewayresponse.header.Retry-After" in response["responseParameters"]


def test_g05_the_stages_throttle_is_reached_before_lambdas_concurrency(resources: dict[str, Any]) -> None:
    (setting,) = resources["RestAPI"]["Properties"]["MethodSettings"]
    assert setting["ThrottlingRateLimit"] * AVERAGE_CALL_S < LAMBDA_CONCURRENCY
    assert setting["ThrottlingBurstLimit"] < LAMBDA_CONCURRENCY


@pytest.mark.parametrize("kind", ["THROTTLED", "QUOTA_EXCEEDED"])
def test_g04_a_throttled_client_is_told_when_to_come_again(resources: dict[str, Any], kind: str) -> None:
    response = responses(resources)[kind]
    assert response["statusCode"] == "429"
    assert "gatewayresponse.header.Retry-After" in response["responseParameters"]


def test_g01_the_gateways_own_413_has_the_shape_of_the_contract(resources: dict[str, Any]) -> None:
    response = responses(resources)["REQUEST_TOO_LARGE"]
    assert response["statusCode"] == "413"
    assert json.loads(response["responseTemplates"]["application/json"])["Code"] == "TooLarge"


def test_g10_no_answer_of_the_gateway_opens_cors_unless_the_stage_lists_origins(
    resources: dict[str, Any],
) -> None:
    assert "Access-Control" not in json.dumps(responses(resources))


def test_t06_the_mapping_gives_up_long_before_the_stream_does(resources: dict[str, Any]) -> None:
    (stream,) = of(resources, "AWS::Kinesis::Stream")
    assert stream["RetentionPeriodHours"] * HOUR_S >= 2 * mapping(resources)["MaximumRecordAgeInSeconds"]
    assert mapping(resources)["MaximumRecordAgeInSeconds"] >= DRAIN_LIMIT_S


def test_t03_t04_t05_the_mapping_splits_reports_and_keeps_what_it_gives_up(resources: dict[str, Any]) -> None:
    wanted = mapping(resources)
    assert wanted["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert wanted["BisectBatchOnFunctionError"] is True
    assert wanted["DestinationConfig"]["OnFailure"]["Type"] == "S3", "SQS and SNS would not get the records"


def test_t13_a_backlog_alarms_at_half_of_the_time_it_has(resources: dict[str, Any]) -> None:
    """T13: arrivals above what the transform does make the age grow as fast as time, at worst."""
    age = alarm(resources, "IteratorAge")
    limit_ms = mapping(resources)["MaximumRecordAgeInSeconds"] * 1000
    assert age["MetricName"] == "IteratorAge"
    assert age["Threshold"] == limit_ms / 2
    seen_ms = age["Threshold"] + age["Period"] * age["EvaluationPeriods"] * 1000
    assert limit_ms - seen_ms >= HOUR_S * 1000, "somebody must have the time to act"


def test_f01_late_or_failed_delivery_alarms_within_the_day_that_firehose_keeps_data(
    resources: dict[str, Any],
) -> None:
    for name in ("Raw", "Curated"):
        freshness = alarm(resources, f"{name}Freshness")
        assert freshness["MetricName"] == "DeliveryToS3.DataFreshness"
        assert freshness["Threshold"] < DRAIN_LIMIT_S / 10
        assert alarm(resources, f"{name}Delivery")["MetricName"] == "DeliveryToS3.Success"


def test_f02_errors_of_delivery_lie_outside_the_data_under_their_type(resources: dict[str, Any]) -> None:
    for delivery in of(resources, "AWS::KinesisFirehose::DeliveryStream"):
        prefix = delivery["ExtendedS3DestinationConfiguration"]["ErrorOutputPrefix"]
        assert "!{firehose:error-output-type}" in prefix
        assert not prefix.startswith((prefixes.RAW, prefixes.CURATED, prefixes.QUARANTINE))


def test_f06_interrupted_uploads_are_removed_after_some_days(resources: dict[str, Any]) -> None:
    (bucket,) = of(resources, "AWS::S3::Bucket")
    rules = bucket["LifecycleConfiguration"]["Rules"]
    days = [
        rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        for rule in rules
        if "AbortIncompleteMultipartUpload" in rule and "Prefix" not in rule
    ]
    assert len(days) == 1
    assert 1 <= days[0] <= 7


def test_f09_the_columns_of_the_table_are_the_envelope_all_text(resources: dict[str, Any]) -> None:
    tables = [each["TableInput"] for each in of(resources, "AWS::Glue::Table")]
    columns = {each["Name"]: each["StorageDescriptor"]["Columns"] for each in tables}
    assert columns["curated_ndjson"] == [{"Name": "line", "Type": "string"}], "no SerDe looks into a line"
    shown = [{"Name": name, "Type": "string"} for name in (*COLUMNS, "dt", "hour")]
    assert columns["curated"] == columns["events"] == shown
    assert COLUMNS == ("event_id", "received_at", "type", "shard_id", "sequence_number", "event"), (
        "a change of the envelope breaks every reader"
    )


def test_f10_data_can_be_removed_by_day_and_expires_where_the_stage_says_so(
    resources: dict[str, Any],
) -> None:
    for delivery in of(resources, "AWS::KinesisFirehose::DeliveryStream"):
        prefix = delivery["ExtendedS3DestinationConfiguration"]["Prefix"]
        dated = re.search(r"!\{timestamp:yyyy-MM-dd\}", prefix) or "!{timestamp" not in prefix
        assert dated, "without an expression Firehose adds YYYY/MM/dd/HH/ by itself"
    days = {"raw_expire_days": 400, "curated_expire_days": 30, "quarantine_expire_days": 7}
    template = merge_template(parse_settings("prod", {"lifecycle": days}))
    (bucket,) = of(template["Resources"], "AWS::S3::Bucket")
    rules = bucket["LifecycleConfiguration"]["Rules"]
    expiry = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiry[prefixes.RAW] == 400
    assert expiry[prefixes.CURATED] == 30
    assert expiry[prefixes.QUARANTINE] == 7
