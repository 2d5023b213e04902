"""Rules of how records and requests flow: the mapping, the functions, the APIs."""

import json
import re
from typing import Any

from chalicelib.errors import CODES
from headgate.infra.template.intrinsics import Json
from tools.gate.rules.look import of, properties

MOST_RETRIES = 10
_MAPPING = "AWS::Lambda::EventSourceMapping"
_SECRET = re.compile(
    r"\$input|requestOverride|identity\.apiKey\b|identity\.(caller|user)\b|authorizer|header", re.IGNORECASE
)


def the_mapping_is_bounded(template: Json) -> list[str]:
    """AWS's default is to try for ever, which stops a shard for as long as the retention."""
    found = []
    for name, each in properties(template, _MAPPING):
        if not 0 <= each.get("MaximumRetryAttempts", -1) <= MOST_RETRIES:
            found.append(f"{name} retries without bound")
        if each.get("MaximumRecordAgeInSeconds", -1) < 0:
            found.append(f"{name} keeps records of any age")
    return found


def the_mapping_reports_and_keeps_failures(template: Json) -> list[str]:
    """T03, T04, T05: partial failures, bisecting, and an S3 destination, which alone keeps the payload."""
    found = []
    for name, each in properties(template, _MAPPING):
        if each.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            found.append(f"{name} ignores partial failures")
        if each.get("BisectBatchOnFunctionError") is not True:
            found.append(f"{name} does not bisect")
        if each.get("StartingPosition") != "TRIM_HORIZON":
            found.append(f"{name} skips what was there before it")
        destination = each.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", {})
        buckets = {logical for logical, _ in of(template, "AWS::S3::Bucket")}
        if destination.get("Fn::GetAtt", [None])[0] not in buckets:
            found.append(f"{name} has no destination in S3")
    return found


def records_outlive_the_mapping(template: Json) -> list[str]:
    """T06: the retention is at least twice the age at which the mapping gives up."""
    retention_s = min(
        (
            each.get("RetentionPeriodHours", 24) * 3600
            for _, each in properties(template, "AWS::Kinesis::Stream")
        ),
        default=0,
    )
    return [
        f"{name} gives up at {each.get('MaximumRecordAgeInSeconds')} s of {retention_s} s"
        for name, each in properties(template, _MAPPING)
        if each.get("MaximumRecordAgeInSeconds", retention_s) * 2 > retention_s
    ]


def functions_wait_for_their_resources(template: Json) -> list[str]:
    """O02: names are plain texts in Chalice's template, so the order has to be said."""
    needed = {name for name, _ in of(template, "AWS::Kinesis::Stream")}
    return [
        f"{name} does not wait for {', '.join(sorted(needed))}"
        for name, each in of(template, "AWS::Lambda::Function")
        if not needed <= set(each.get("DependsOn", []))
    ]


def each_api_has_one_stage(template: Json) -> list[str]:
    """O04: SAM's surplus stage `Stage` would have no throttle and no log."""
    owners = [str(each["RestApiId"]["Ref"]) for _, each in properties(template, "AWS::ApiGateway::Stage")]
    apis = [name for name, _ in of(template, "AWS::ApiGateway::RestApi")]
    return [f"{name} has {owners.count(name)} stages" for name in apis if owners.count(name) != 1]


def stages_are_throttled_and_logged(template: Json) -> list[str]:
    """A throttle bounds the bill; an access log tells who sent what, when."""
    found = []
    for name, each in properties(template, "AWS::ApiGateway::Stage"):
        every = [
            one
            for one in each.get("MethodSettings", [])
            if (one["ResourcePath"], one["HttpMethod"]) == ("/*", "*")
        ]
        if not every or {"ThrottlingRateLimit", "ThrottlingBurstLimit"} - every[0].keys():
            found.append(f"{name} is not throttled")
        if not every or every[0].get("DataTraceEnabled") is not False:
            found.append(f"{name} may log payloads")
        if "AccessLogSetting" not in each:
            found.append(f"{name} has no access log")
    return found


def access_logs_hold_no_payload(template: Json) -> list[str]:
    """I10: no body, no header, no key's value; and every line is JSON."""
    found = []
    for name, each in properties(template, "AWS::ApiGateway::Stage"):
        text = each.get("AccessLogSetting", {}).get("Format", "{}")
        if _SECRET.search(text):
            found.append(f"{name} logs what may be secret")
        if not _is_json(text):
            found.append(f"{name} logs no JSON")
    return found


def bodies_reach_functions_as_bytes(template: Json) -> list[str]:
    """As text, API Gateway would replace bytes that are not UTF-8; a mapping template however needs the text.

    Source: API Gateway developer guide, content type conversions; binary media types.
    """
    found = []
    for name, each in properties(template, "AWS::ApiGateway::RestApi"):
        body = each.get("Body", {})
        proxied = '"type": "aws_proxy"' in json.dumps(body)
        types = body.get("x-amazon-apigateway-binary-media-types", [])
        if types != (["*/*"] if proxied else []):
            found.append(f"{name} has the binary media types {types}")
    return found


def gateway_errors_have_our_shape(template: Json) -> list[str]:
    """A client never meets AWS's own error text, nor a 500."""
    found = []
    for name, each in properties(template, "AWS::ApiGateway::RestApi"):
        responses = each.get("Body", {}).get("x-amazon-apigateway-gateway-responses", {})
        found += [
            f"{name} leaves {kind} to AWS" for kind in ("DEFAULT_4XX", "DEFAULT_5XX") if kind not in responses
        ]
        found += [
            f"{name} answers {kind} in another shape"
            for kind, response in responses.items()
            if not _ours(response)
        ]
    return found


def _ours(response: Json) -> bool:
    text = response.get("responseTemplates", {}).get("application/json", "")
    if not _is_json(text):
        return False
    body: Any = json.loads(text)
    # DEFAULT_4XX keeps the status of what happened; every other one is the code's.
    status = response.get("statusCode", "400")
    return set(body) == {"Code", "Message", "RequestId"} and CODES.get(body["Code"], (0,))[0] == int(status)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
