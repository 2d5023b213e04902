"""The alarms, and the SNS topic that they notify.

Each alarm watches one promise and says in its description what to do. An alarm on a metric that no service
sends, or on a dimension that the metric does not have, can never fire: the gate checks both.

Missing data mean what the service's silence means. A counter of errors is silent while all is well. A lag is
silent while nobody reads, so its alarm keeps its state; that nobody reads is an alarm of its own.
"""

from typing import NamedTuple

from headgate.infra.template.functions import max_age_s
from headgate.infra.template.intrinsics import Json, ref, resource, tags
from headgate.infra.template.storage import WATCHED, bucket_name
from headgate.settings import StageSettings, names_of

PERIOD_S = 300
FRESHNESS_AIR_S = 600
"""Beyond the buffer interval. Source: Firehose developer guide, best practices for alarms."""

READ_LAG_S = 900
"""How far the archive's reader may be behind the stream: far beyond a buffer, far below the retention."""

SILENT_WHILE_WELL = "notBreaching"
SILENT_WHILE_NOBODY_READS = "ignore"
"""The state stays until a data point says otherwise. Source: CloudWatch, how alarms treat missing data."""

TELEMETRY_NAMESPACE = "Headgate"
"""The functions' own metrics; a test holds it to chalicelib/telemetry.py."""

Dimensions = dict[str, Json | str]


class Alarm(NamedTuple):
    """One alarm; `metric` is namespace, name and statistic; one of `above` and `below` is set.

    With `unread` the alarm compares `metric`, which says that there is work, with another metric (and its
    dimensions), which says that the work is done.
    """

    name: str
    metric: str
    dimensions: Dimensions
    promise: str
    action: str
    above: float | None = None
    below: float | None = None
    periods: int = 1
    missing: str = SILENT_WHILE_WELL
    unread: tuple[str, Dimensions] | None = None


def alarms(settings: StageSettings) -> dict[str, Json]:
    """Make the topic, its subscription, and every alarm."""
    made = topic(settings) | metric_filters(settings)
    return made | {f"{each.name}Alarm": _resource(settings, each) for each in listed(settings)}


def listed(settings: StageSettings) -> list[Alarm]:
    """List the alarms along the path."""
    return [
        *_api(settings),
        *_functions(settings),
        *_stream(settings),
        *_delivery(settings),
        *_objects(settings),
    ]


def _api(settings: StageSettings) -> list[Alarm]:
    apis = {"ServerErrors": "headgate"}
    if settings.direct:
        apis["DirectServerErrors"] = f"headgate-{settings.stage}-direct"
    return [
        Alarm(
            name,
            "AWS/ApiGateway 5XXError Average",
            {"ApiName": api, "Stage": settings.stage},
            "I2: what cannot be written is answered with 503, never lost",
            "Look at the ingest function's log and at the stream's write throttles.",
            above=0.01,
            periods=3,
        )
        for name, api in apis.items()
    ] + [
        Alarm(
            "GatewayErrors",
            f"{log_namespace(settings)} GatewayErrors Sum",
            {},
            "I2: what cannot be written is answered with 503, never lost (G05)",
            "`error` in the access log names the reason: concurrency, a time-out, or the configuration.",
            above=0,
        )
    ]


def log_namespace(settings: StageSettings) -> str:
    """Return the namespace of the metrics that are counted in the stage's access log."""
    return f"Headgate/{settings.stage}"


def metric_filters(settings: StageSettings) -> dict[str, Json]:
    """Make the filter that counts the 5xx which API Gateway itself answers.

    Their statuses are changed to the contract's, and such answers count as 4XXError, never as 5XXError.
    Source: API Gateway developer guide, Amazon API Gateway dimensions and metrics, 4XXError.
    """
    counted = {
        "MetricNamespace": log_namespace(settings),
        "MetricName": "GatewayErrors",
        "MetricValue": "1",
        "DefaultValue": 0,
    }
    properties = {
        "LogGroupName": ref("AccessLogs"),
        "FilterPattern": '{ ($.status = "5*") && ($.error != "-") }',
        "MetricTransformations": [counted],
    }
    return {"GatewayErrorsFilter": resource("AWS::Logs::MetricFilter", properties)}


def _functions(settings: StageSettings) -> list[Alarm]:
    names = names_of(settings)
    transform: Dimensions = {"FunctionName": names.transform_function}
    age = Alarm(
        "IteratorAge",
        "AWS/Lambda IteratorAge Maximum",
        transform,
        "I1: no record reaches the mapping's maximum age unseen (T13)",
        "The transform is behind: raise mapping.parallelization or the shards, and look at its log.",
        above=max_age_s(settings) * 1000 / 2,
        missing=SILENT_WHILE_NOBODY_READS,
    )
    stopped = Alarm(
        "TransformStopped",
        "AWS/Kinesis IncomingRecords Sum",
        {"StreamName": names.stream},
        "I1: what is archived is curated; a disabled mapping sends no IteratorAge (T13)",
        "Look at the event source mapping: is it enabled, and what is its last result? `infra tune` sets it.",
        above=0,
        periods=3,
        unread=("AWS/Lambda Invocations Sum", transform),
    )
    ingest = _function(settings, "Ingest", names.ingest_function)
    return [*ingest, *_function(settings, "Transform", names.transform_function), age, stopped]


def _function(settings: StageSettings, title: str, name: str) -> list[Alarm]:
    where: Dimensions = {"FunctionName": name}
    return [
        Alarm(
            f"{title}Faults",
            f"{TELEMETRY_NAMESPACE} Faults Sum",
            {"Stage": settings.stage, "Function": title.lower()},
            f"I2: the {title.lower()} function has all it needs (K09)",
            "`Reasons` in the function's log names it: a permission, a key, a missing stream, or a bug.",
            above=0,
        ),
        Alarm(
            f"{title}Errors",
            "AWS/Lambda Errors Sum",
            where,
            f"I7: the {title.lower()} function never raises",
            "The function's log holds the reason, with the request's id.",
            above=0,
        ),
        Alarm(
            f"{title}Throttles",
            "AWS/Lambda Throttles Sum",
            where,
            "I6: bounded work",
            "The account is out of concurrent executions: raise its quota or lower throttle.rate_per_s.",
            above=0,
        ),
    ]


def _stream(settings: StageSettings) -> list[Alarm]:
    where: Dimensions = {"StreamName": names_of(settings).stream}
    spread = "spread the load: one ordering value loads one shard."
    if not settings.on_demand:  # on-demand capacity follows the load by itself
        spread = f"run `infra scale --shards N`, or {spread}"
    return [
        Alarm(
            "WriteThrottled",
            "AWS/Kinesis WriteProvisionedThroughputExceeded Sum",
            where,
            "I2: the stream takes what arrives (K07)",
            f"If it stays, {spread}",
            above=0,
            periods=3,
        ),
        Alarm(
            "ReadThrottled",
            "AWS/Kinesis ReadProvisionedThroughputExceeded Sum",
            where,
            "I1: both consumers keep up",
            f"More than two consumers poll the stream; stop one, or {spread}",
            above=0,
            periods=3,
        ),
        Alarm(
            "PutRecords",
            "AWS/Kinesis PutRecords.Success Average",
            where,
            "I2: writes succeed",
            "Compare with the write throttles; if those are quiet, look at AWS's health page.",
            below=0.99,
            periods=3,
        ),
    ]


def _delivery(settings: StageSettings) -> list[Alarm]:
    names = names_of(settings)
    raw: Dimensions = {"DeliveryStreamName": names.raw}
    made = [
        Alarm(
            "ArchiveBehind",
            "AWS/Firehose KinesisMillisBehindLatest Maximum",
            raw,
            "I1: what is accepted is archived; DataFreshness counts only from Firehose on",
            "Firehose reads too slowly: look at its role, at ReadThrottled and at the retention.",
            above=READ_LAG_S * 1000,
            missing=SILENT_WHILE_NOBODY_READS,
        ),
        Alarm(
            "ArchiveStopped",
            "AWS/Kinesis IncomingRecords Sum",
            {"StreamName": names.stream},
            "I1: what is accepted is archived",
            "The raw delivery stream reads nothing while records arrive: look at its status and its role.",
            above=0,
            periods=3,
            unread=("AWS/Firehose DataReadFromKinesisStream.Records Sum", raw),
        ),
        *_one_delivery("Raw", names.raw, settings.raw.interval_s),
        *_one_delivery("Curated", names.curated, settings.curated.interval_s),
    ]
    if settings.curated.format != "ndjson":
        conversion = Alarm(
            "Conversion",
            "AWS/Firehose FailedConversion.Records Sum",
            {"DeliveryStreamName": names.curated},
            "I9: no line is dropped without a word",
            "Lines that do not fit the table lie below delivery-errors/curated/.",
            above=0,
        )
        made.append(conversion)
    return made


def _one_delivery(title: str, name: str, interval_s: int) -> list[Alarm]:
    where: Dimensions = {"DeliveryStreamName": name}
    return [
        Alarm(
            f"{title}Freshness",
            "AWS/Firehose DeliveryToS3.DataFreshness Maximum",
            where,
            "I1: what is accepted arrives in S3 (F01)",
            "Firehose keeps records 24 hours, then drops them: mend the bucket or the role before that.",
            above=interval_s + FRESHNESS_AIR_S,
            missing=SILENT_WHILE_NOBODY_READS,
        ),
        Alarm(
            f"{title}Delivery",
            "AWS/Firehose DeliveryToS3.Success Average",
            where,
            "I1: what is accepted arrives in S3 (F01)",
            "The delivery log group names the error; Firehose tries again for 24 hours.",
            below=1,
        ),
    ]


def _objects(settings: StageSettings) -> list[Alarm]:
    actions = {
        "Quarantine": "Read `code` and `message` of the lines in quarantine/, mend schema or hook, replay.",
        "FailedBatches": "The objects below aws/lambda/ hold whole batches: mend the cause, replay them.",
    }
    return [
        Alarm(
            name,
            "AWS/S3 PutRequests Sum",
            {"BucketName": bucket_name(settings), "FilterId": name},
            "I5, I9: what cannot be processed is kept and told",
            actions[name],
            above=0,
        )
        for name in WATCHED
    ]


def _resource(settings: StageSettings, alarm: Alarm) -> Json:
    above = alarm.above is not None
    properties: Json = {
        "AlarmName": f"headgate-{settings.stage}-{alarm.name}",
        "AlarmDescription": f"{alarm.promise}. What to do: {alarm.action}",
        **_measured(alarm),
        "EvaluationPeriods": alarm.periods,
        "Threshold": alarm.above if above else alarm.below,
        "ComparisonOperator": "GreaterThanThreshold" if above else "LessThanThreshold",
        "TreatMissingData": alarm.missing,
        "AlarmActions": [ref("AlarmTopic")],
        "OKActions": [ref("AlarmTopic")],
        "Tags": tags(settings),
    }
    return resource("AWS::CloudWatch::Alarm", properties)


def _measured(alarm: Alarm) -> Json:
    """Return what an alarm measures: one metric, or two that are compared."""
    if alarm.unread is None:
        return _metric(alarm.metric, alarm.dimensions) | {"Period": PERIOD_S}
    # Records may be read in the period after the one in which they came: the alarm wants several in a row.
    expression = "IF((FILL(came, 0) > 0) AND (FILL(done, 0) == 0), 1, 0)"
    return {
        "Metrics": [
            {"Id": "unread", "Expression": expression, "Label": alarm.name, "ReturnData": True},
            _input("came", alarm.metric, alarm.dimensions),
            _input("done", *alarm.unread),
        ]
    }


def _input(name: str, metric: str, dimensions: Dimensions) -> Json:
    found = _metric(metric, dimensions)
    statistic = found.pop("Statistic")
    stat = {"Metric": found, "Period": PERIOD_S, "Stat": statistic}
    return {"Id": name, "MetricStat": stat, "ReturnData": False}


def _metric(metric: str, dimensions: Dimensions) -> Json:
    namespace, name, statistic = metric.split()
    found: Json = {"Namespace": namespace, "MetricName": name, "Statistic": statistic}
    if dimensions:
        found["Dimensions"] = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    return found


def topic(settings: StageSettings) -> dict[str, Json]:
    """Make the topic that every alarm tells; the mail of the settings subscribes to it."""
    publish = {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": ref("AlarmTopic"),
        "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}},
    }
    document = {"Version": "2012-10-17", "Statement": [publish]}
    made = {
        "AlarmTopic": resource("AWS::SNS::Topic", {"Tags": tags(settings)}),
        "AlarmTopicPolicy": resource(
            "AWS::SNS::TopicPolicy", {"Topics": [ref("AlarmTopic")], "PolicyDocument": document}
        ),
    }
    if settings.alarm_email is not None:
        mail = {"TopicArn": ref("AlarmTopic"), "Protocol": "email", "Endpoint": settings.alarm_email}
        made["AlarmMail"] = resource("AWS::SNS::Subscription", mail)
    return made
