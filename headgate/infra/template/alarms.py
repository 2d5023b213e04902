"""The alarms, and the SNS topic that they notify.

Each alarm watches one promise and says in its description what to do. An alarm on a metric that no service
sends, or on a dimension that the metric does not have, can never fire: the gate checks both.
"""

from typing import NamedTuple

from headgate.infra.template.functions import max_age_s
from headgate.infra.template.intrinsics import Json, ref, resource, tags
from headgate.infra.template.storage import WATCHED, bucket_name
from headgate.settings import StageSettings, names_of

PERIOD_S = 300
FRESHNESS_AIR_S = 600
"""Beyond the buffer interval. Source: Firehose developer guide, best practices for alarms."""

Dimensions = dict[str, Json | str]


class Alarm(NamedTuple):
    """One alarm; `metric` is namespace, name and statistic; one of `above` and `below` is set."""

    name: str
    metric: str
    dimensions: Dimensions
    promise: str
    action: str
    above: float | None = None
    below: float | None = None
    periods: int = 1


def alarms(settings: StageSettings) -> dict[str, Json]:
    """Make the topic, its subscription, and every alarm."""
    return topic(settings) | {f"{each.name}Alarm": _resource(settings, each) for each in listed(settings)}


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
    ]


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
    )
    ingest = _function("Ingest", {"FunctionName": names.ingest_function})
    return [*ingest, *_function("Transform", transform), age]


def _function(title: str, where: Dimensions) -> list[Alarm]:
    return [
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
    spread = "run `infra scale --shards N`, or spread the load: one ordering value loads one shard."
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
    made = [
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
    namespace, metric, statistic = alarm.metric.split()
    properties: Json = {
        "AlarmName": f"headgate-{settings.stage}-{alarm.name}",
        "AlarmDescription": f"{alarm.promise}. What to do: {alarm.action}",
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in alarm.dimensions.items()],
        "Statistic": statistic,
        "Period": PERIOD_S,
        "EvaluationPeriods": alarm.periods,
        "Threshold": alarm.above if above else alarm.below,
        "ComparisonOperator": "GreaterThanThreshold" if above else "LessThanThreshold",
        # No traffic is no trouble: a missing data point never alarms (O05).
        "TreatMissingData": "notBreaching",
        "AlarmActions": [ref("AlarmTopic")],
        "OKActions": [ref("AlarmTopic")],
        "Tags": tags(settings),
    }
    return resource("AWS::CloudWatch::Alarm", properties)


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
