"""Rules of what is watched: alarms that can fire and tell somebody, logs that end."""

import re

from headgate.infra.template.alarms import SILENT_WHILE_NOBODY_READS, SILENT_WHILE_WELL, TELEMETRY_NAMESPACE
from headgate.infra.template.intrinsics import Json
from tools.gate.rules.look import properties

_ALARM = "AWS::CloudWatch::Alarm"

METRICS = {
    "AWS/ApiGateway": ({"ApiName", "Stage"}, {"4XXError", "5XXError", "Count", "Latency"}),
    "AWS/Lambda": ({"FunctionName"}, {"Errors", "Invocations", "IteratorAge", "Throttles"}),
    "AWS/Kinesis": (
        {"StreamName"},
        {
            "IncomingRecords",
            "PutRecords.Success",
            "ReadProvisionedThroughputExceeded",
            "WriteProvisionedThroughputExceeded",
        },
    ),
    "AWS/Firehose": (
        {"DeliveryStreamName"},
        {
            "DataReadFromKinesisStream.Records",
            "DeliveryToS3.DataFreshness",
            "DeliveryToS3.Success",
            "FailedConversion.Records",
            "KinesisMillisBehindLatest",
        },
    ),
    "AWS/S3": ({"BucketName", "FilterId"}, {"PutRequests"}),
    TELEMETRY_NAMESPACE: ({"Stage", "Function"}, {"Faults"}),
}
"""Namespace to the dimensions and metrics that the service sends.

Source: the CloudWatch page of each service's developer guide.
"""

_NAMED = {
    "FunctionName": ("AWS::Lambda::Function", "FunctionName"),
    "StreamName": ("AWS::Kinesis::Stream", "Name"),
    "DeliveryStreamName": ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"),
    "BucketName": ("AWS::S3::Bucket", "BucketName"),
    "Stage": ("AWS::ApiGateway::Stage", "StageName"),
}
PROMISES = ("I1", "I2", "I5", "I6", "I7", "I9")
"""Those of the design's invariants that a metric can show; the others are proven by tests."""


LAGS = {"DeliveryToS3.DataFreshness", "IteratorAge", "KinesisMillisBehindLatest"}
"""Metrics that nobody sends while nobody reads: their alarms must not end because the reader stopped."""


def alarms_watch_metrics_that_exist(template: Json) -> list[str]:
    """O05: an alarm on a metric or dimension that no service sends stays silent for ever."""
    filtered = _filtered(template)
    found = []
    for name, metric in _metrics(template):
        namespace, title = metric["Namespace"], metric["MetricName"]
        if (namespace, title) in filtered:
            continue
        dimensions, metrics = METRICS.get(namespace, (set[str](), set[str]()))
        if title not in metrics:
            found.append(f"{name} watches {namespace} {title}")
        if {each["Name"] for each in metric.get("Dimensions", [])} != dimensions:
            found.append(f"{name} has other dimensions than {', '.join(sorted(dimensions))}")
    return found


def alarms_watch_resources_that_exist(template: Json) -> list[str]:
    """Every dimension is the name of something in the template."""
    found = []
    for name, metric in _metrics(template):
        if metric["Namespace"] == TELEMETRY_NAMESPACE:
            continue  # the functions' own metric is named by stage and function; a test holds it to the code
        found += [
            f"{name} watches the {each['Name']} {each['Value']}, which is not there"
            for each in metric.get("Dimensions", [])
            if each["Value"] not in _values(template, each["Name"])
        ]
    return found


def _metrics(template: Json) -> list[tuple[str, Json]]:
    """Return each alarm's name with each metric that it watches, alone or in an expression."""
    found = []
    for name, alarm in properties(template, _ALARM):
        inputs = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        found += [(name, metric) for metric in inputs or [alarm]]
    return found


def _filtered(template: Json) -> set[tuple[str, str]]:
    """Return the metrics that filters of the template count in its own log groups."""
    return {
        (made["MetricNamespace"], made["MetricName"])
        for _, each in properties(template, "AWS::Logs::MetricFilter")
        for made in each["MetricTransformations"]
    }


def alarms_tell_somebody(template: Json) -> list[str]:
    """An alarm has an action, says what to do, is quiet without traffic, and outlives a reader that stops."""
    found = []
    for name, alarm in properties(template, _ALARM):
        if not alarm.get("AlarmActions"):
            found.append(f"{name} tells nobody")
        if "What to do: " not in alarm.get("AlarmDescription", ""):
            found.append(f"{name} does not say what to do")
        wanted = SILENT_WHILE_NOBODY_READS if alarm.get("MetricName") in LAGS else SILENT_WHILE_WELL
        if alarm.get("TreatMissingData") != wanted:
            found.append(f"{name} treats missing data as {alarm.get('TreatMissingData')}, not as {wanted}")
    return found


def every_promise_has_an_alarm(template: Json) -> list[str]:
    """O05: each invariant that a metric can show is watched."""
    said = " ".join(str(alarm.get("AlarmDescription")) for _, alarm in properties(template, _ALARM))
    watched = set(re.findall(r"\bI\d+\b", said))
    return [f"no alarm watches {promise}" for promise in PROMISES if promise not in watched]


def logs_do_not_grow_for_ever(template: Json) -> list[str]:
    """Every function's log group is ours, and every log group has a retention."""
    groups = dict(properties(template, "AWS::Logs::LogGroup"))
    names = {each.get("LogGroupName") for each in groups.values()}
    found = [f"{name} keeps logs for ever" for name, each in groups.items() if "RetentionInDays" not in each]
    return found + [
        f"{name} has no log group"
        for name, each in properties(template, "AWS::Lambda::Function")
        if f"/aws/lambda/{each.get('FunctionName')}" not in names
    ]


def _values(template: Json, dimension: str) -> list[object]:
    if dimension == "ApiName":
        return [each["Body"]["info"]["title"] for _, each in properties(template, "AWS::ApiGateway::RestApi")]
    if dimension == "FilterId":
        buckets = properties(template, "AWS::S3::Bucket")
        return [each["Id"] for _, bucket in buckets for each in bucket.get("MetricsConfigurations", [])]
    kind, key = _NAMED[dimension]
    return [each.get(key) for _, each in properties(template, kind)]
