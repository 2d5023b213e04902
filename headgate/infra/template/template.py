"""What follows from a stage's settings: the template, and the files under `.chalice/`.

`data_plane` stands alone (Chalice-managed deploy); `merge_template` is merged over Chalice's SAM template
(CloudFormation-managed deploy). Both hold the same resources. `rendered` returns the files' texts: `infra
render` writes them, a test compares the repository's copies with them, and `infra deploy` refuses to go on
while they are out of date. The files carry the stage's name, except that `resources.json` belongs to the
stage prod: Chalice's documentation uses that name.
"""

import copy
import json
from typing import Any

from headgate.infra.template.alarms import alarms
from headgate.infra.template.api import chalice_stage, gateway_account, usage_plan
from headgate.infra.template.delivery import delivery_roles, delivery_streams, glue
from headgate.infra.template.direct import direct
from headgate.infra.template.functions import (
    any_account,
    ingest_statements,
    log_groups,
    overlay,
    transform_statements,
)
from headgate.infra.template.intrinsics import Json, ref, resource, sub, tag_map
from headgate.infra.template.storage import bucket, stream
from headgate.settings import StageSettings, environment, fill_bucket, names_of

VERSION = "2010-09-09"
DESCRIPTION = "Headgate: events in by HTTP, files in S3. Stage "


def data_plane(settings: StageSettings) -> Json:
    """Make the stack of everything that Chalice does not know.

    Chalice's API does not exist yet when this is deployed: `infra tune` adds its stage to the usage plan.
    """
    return {
        "AWSTemplateFormatVersion": VERSION,
        "Description": DESCRIPTION + settings.stage,
        "Conditions": PARTITIONS,
        "Resources": _resources(settings) | usage_plan(settings, _direct_stage(settings)),
        "Outputs": outputs(settings),
    }


def merge_template(settings: StageSettings) -> Json:
    """Make `.chalice/resources.json`: the same resources, and what completes Chalice's own."""
    stages = [chalice_stage(), *_direct_stage(settings)]
    return {
        "Description": DESCRIPTION + settings.stage,
        "Conditions": PARTITIONS,
        "Resources": _resources(settings) | usage_plan(settings, stages) | overlay(settings),
        "Outputs": outputs(settings),
    }


def _direct_stage(settings: StageSettings) -> list[Json]:
    return [{"ApiId": ref("DirectAPI"), "Stage": ref("DirectStage")}] if settings.direct else []


def _resources(settings: StageSettings) -> dict[str, Json]:
    return (
        stream(settings)
        | bucket(settings)
        | log_groups(settings)
        | delivery_roles(settings)
        | delivery_streams(settings)
        | glue(settings)
        | gateway_account(settings)
        | direct(settings)
        | alarms(settings)
        | dashboard(settings)
    )


FUNCTIONS = {"api_handler": "ingest", "transform": "transform"}
"""Chalice's name of a function, in the configuration, to ours."""


def merge_path(stage: str) -> str:
    """Return the path of the template that `chalice package --merge-template` takes."""
    return ".chalice/resources.json" if stage == "prod" else f".chalice/resources-{stage}.json"


def policy_path(stage: str, function: str) -> str:
    """Return the path of a function's policy, relative to `.chalice/` as Chalice takes it."""
    return f"policy-{function}-{stage}.json"


def rendered(settings: StageSettings, config: Json) -> dict[str, str]:
    """Return path to text for every file that follows from one stage's settings.

    `config` is the whole of `.chalice/config.json`; the stages not asked for stay as they are.
    """
    stage = settings.stage
    policies = {
        "ingest": ingest_statements(settings, any_account),
        "transform": transform_statements(settings, any_account),
    }
    files: dict[str, Any] = {
        f".chalice/{policy_path(stage, name)}": {"Version": "2012-10-17", "Statement": statements}
        for name, statements in policies.items()
    }
    files[".chalice/config.json"] = completed_config(settings, config)
    files[merge_path(stage)] = merge_template(settings)
    return {path: text_of(content) for path, content in files.items()}


def completed_config(settings: StageSettings, config: Json) -> Json:
    """Return the configuration with what follows from the stage's settings filled in."""
    result = copy.deepcopy(config)
    block = result["stages"][settings.stage]
    block["api_gateway_stage"] = settings.stage
    block["environment_variables"] = block.get("environment_variables", {}) | environment(settings)
    block["tags"] = tag_map(settings)
    functions = block.setdefault("lambda_functions", {})
    for name, ours in FUNCTIONS.items():
        functions.setdefault(name, {})["iam_policy_file"] = policy_path(settings.stage, ours)
    return result


def text_of(content: Any) -> str:
    """Write JSON as the repository keeps it."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


WIDTH, HEIGHT = 6, 6
"""A dashboard is 24 units wide: four stations a row. Source: CloudWatch dashboard body syntax."""

Metric = list[Any]


def dashboard(settings: StageSettings) -> dict[str, Json]:
    """Make the stage's dashboard."""
    body = {"start": "-PT3H", "widgets": [_widget(*each) for each in enumerate(_stations(settings))]}
    properties = {
        "DashboardName": f"headgate-{settings.stage}",
        "DashboardBody": {"Fn::Sub": json.dumps(body)},
    }
    return {"Dashboard": resource("AWS::CloudWatch::Dashboard", properties)}


def _stations(settings: StageSettings) -> list[tuple[str, list[Metric]]]:
    names = names_of(settings)
    bucket = fill_bucket(names.bucket, "${AWS::AccountId}", "${AWS::Region}")
    api = ["ApiName", "headgate", "Stage", settings.stage]
    put = ["AWS/S3", "PutRequests", "BucketName", bucket, "FilterId"]
    return [
        (
            "1 Requests",
            [["AWS/ApiGateway", metric, *api, _sum()] for metric in ("Count", "4XXError", "5XXError")],
        ),
        ("2 Answer time", [["AWS/ApiGateway", "Latency", *api, {"stat": each}] for each in ("p50", "p99")]),
        (
            "3 Stream in",
            _of("AWS/Kinesis", ["StreamName", names.stream], ["IncomingRecords", "IncomingBytes"]),
        ),
        (
            "4 Stream throttles",
            _of(
                "AWS/Kinesis",
                ["StreamName", names.stream],
                ["WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded"],
            ),
        ),
        (
            "5 Transform",
            _of(
                "AWS/Lambda",
                ["FunctionName", names.transform_function],
                ["Invocations", "Errors", "Throttles"],
            ),
        ),
        (
            "6 Transform behind, ms",
            [["AWS/Lambda", "IteratorAge", "FunctionName", names.transform_function, _max()]],
        ),
        (
            "7 To S3, seconds behind",
            [
                ["AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", name, _max()]
                for name in (names.raw, names.curated)
            ],
        ),
        ("8 Set aside", [[*put, "Quarantine", _sum()], [*put, "FailedBatches", _sum()]]),
    ]


def _of(namespace: str, dimensions: list[str], metrics: list[str]) -> list[Metric]:
    return [[namespace, metric, *dimensions, _sum()] for metric in metrics]


def _sum() -> dict[str, str]:
    return {"stat": "Sum"}


def _max() -> dict[str, str]:
    return {"stat": "Maximum"}


def _widget(at: int, station: tuple[str, list[Metric]]) -> Json:
    title, metrics = station
    return {
        "type": "metric",
        "x": WIDTH * (at % 4),
        "y": HEIGHT * (at // 4),
        "width": WIDTH,
        "height": HEIGHT,
        "properties": {"title": title, "region": "${AWS::Region}", "period": 300, "metrics": metrics},
    }


PARTITIONS: Json = {
    "InChina": {"Fn::Equals": [ref("AWS::Partition"), "aws-cn"]},
    "InGovCloud": {"Fn::Equals": [ref("AWS::Partition"), "aws-us-gov"]},
}
"""Conditions of the template: the console of these partitions has domains of its own.

Source: AWS service endpoints, China regions and GovCloud regions.
"""


def _dashboard_url() -> Json:
    path = "/cloudwatch/home?region=${AWS::Region}#dashboards:name=${Dashboard}"
    china, gov, other = (
        sub(f"https://${{AWS::Region}}.console.{domain}{path}")
        for domain in ("amazonaws.cn", "amazonaws-us-gov.com", "aws.amazon.com")
    )
    return {"Fn::If": ["InChina", china, {"Fn::If": ["InGovCloud", gov, other]}]}


def outputs(settings: StageSettings) -> dict[str, Json]:
    """Make the outputs of the data plane; each has a sentence."""
    made = {
        "StreamName": ("The Kinesis stream: `aws kinesis put-record --stream-name`", ref("Stream")),
        "BucketName": ("The bucket with raw-data/, curated/ and quarantine/", ref("Bucket")),
        "RawDeliveryStreamName": ("The archive's delivery stream", ref("RawDelivery")),
        "CuratedDeliveryStreamName": ("The delivery stream of curated/", ref("CuratedDelivery")),
        "TableName": (
            "The view of curated/, for Athena",
            sub("${Database}.${CuratedView}"),
        ),
        "AlarmTopicArn": ("Every alarm tells this SNS topic", ref("AlarmTopic")),
        "DashboardUrl": ("The path from left to right", _dashboard_url()),
    }
    if settings.direct:
        url = sub(
            f"https://${{DirectAPI}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{settings.stage}/v1"
        )
        made["DirectUrl"] = ("POST /v1 without Lambda", url)
    return {name: {"Description": text, "Value": value} for name, (text, value) in made.items()}
