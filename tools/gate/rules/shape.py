"""Rules of the template as a whole."""

import re

from headgate.infra.template.intrinsics import Json
from tools.gate.rules.look import of, texts

_HARD_CODED = re.compile(
    r"\b\d{12}\b|arn:aws[a-z-]*:|\b(us|eu|ap|sa|ca|me|af|il|mx|cn)(-gov)?-[a-z]+-\d\b|amazonaws\.com\.cn"
)

UNTAGGED = {
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::RestApi",
    "AWS::CloudWatch::Dashboard",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogStream",
    "AWS::S3::BucketPolicy",
    "AWS::Logs::MetricFilter",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
}
"""Types that take no tags in CloudFormation.

Of an API, SAM tags the stage, and Chalice's mapping has no tags.
"""


def nothing_is_hard_coded(template: Json) -> list[str]:
    """O06: no account, region or partition; the same template serves all."""
    found = {match.group() for text in texts(template) if (match := _HARD_CODED.search(text))}
    return [f"the template says {each}" for each in sorted(found)]


def everything_is_tagged(template: Json) -> list[str]:
    """A bill can be split, and a stage found, by its tag."""
    kinds = {body["Type"] for body in template["Resources"].values()} - UNTAGGED
    return [
        f"{name} has no tag headgate:stage"
        for name, body in of(template, *kinds)
        if "headgate:stage" not in set(texts(body.get("Properties", {}).get("Tags", [])))
    ]


def outputs_are_described(template: Json) -> list[str]:
    """Outputs of ours say what they are; Chalice's four have no description."""
    theirs = {"RestAPIId", "APIHandlerName", "APIHandlerArn", "EndpointURL"}
    return [
        f"{name} is not described"
        for name, each in template.get("Outputs", {}).items()
        if name not in theirs and not each.get("Description")
    ]
