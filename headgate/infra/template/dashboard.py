"""The dashboard: the path from left to right, one column a station."""

import json
from typing import Any

from headgate.infra.template.intrinsics import Json, resource
from headgate.settings import StageSettings, fill_bucket, names_of

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
