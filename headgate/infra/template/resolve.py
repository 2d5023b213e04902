"""Evaluates a template's intrinsic functions for one account and region, as far as the local run needs it.

Pure. Knows Ref, Fn::GetAtt, Fn::Sub, Fn::Join and the pseudo parameters; anything else is a ResolveError that
names it, never a guess. Called by plan.py.
"""

import re
from collections.abc import Iterable
from typing import Any

from headgate.infra.template.intrinsics import Json

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")

_NAME = {
    "AWS::Kinesis::Stream": "Name",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::LogStream": "LogStreamName",
    "AWS::Glue::Database": "DatabaseInput.Name",
    "AWS::Glue::Table": "TableInput.Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::IAM::Role": "RoleName",
}
"""Type to the property that holds the name, which is what Ref returns (a topic's Ref is its ARN)."""

_ARN = {
    "AWS::Kinesis::Stream": "arn:{partition}:kinesis:{region}:{account}:stream/{name}",
    "AWS::KinesisFirehose::DeliveryStream": (
        "arn:{partition}:firehose:{region}:{account}:deliverystream/{name}"
    ),
    "AWS::S3::Bucket": "arn:{partition}:s3:::{name}",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{name}:*",
    "AWS::SNS::Topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{name}",
}


class ResolveError(Exception):
    """The template says something that this small evaluator does not know."""


def partition_of(region: str) -> str:
    """Return the AWS partition of a region."""
    starts = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((name for start, name in starts.items() if region.startswith(start)), "aws")


def resolve(template: Json, account: str, region: str, names: Iterable[str] | None = None) -> dict[str, Json]:
    """Return the template's resources, or only those of `names`, with every intrinsic evaluated.

    Raises ResolveError for an unknown intrinsic, resource or attribute.
    """
    scope = _Scope(template["Resources"], account, region)
    return {name: scope.resource(name) for name in (template["Resources"] if names is None else names)}


class _Scope:
    """One evaluation: the resources, and the values of the pseudo parameters."""

    def __init__(self, resources: dict[str, Json], account: str, region: str) -> None:
        self._resources = resources
        self._place = {"account": account, "region": region, "partition": partition_of(region)}
        self._pseudo = {
            "AWS::AccountId": account,
            "AWS::Region": region,
            "AWS::Partition": self._place["partition"],
            "AWS::URLSuffix": "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com",
            "AWS::StackName": "headgate-local",
        }

    def resource(self, name: str) -> Json:
        """Evaluate one resource."""
        body: Json = self._value(self._resources[name])
        return body

    def _value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, argument),) = node.items()
            if key == "Ref" or key.startswith("Fn::"):
                return self._intrinsic(key, argument)
        return {key: self._value(item) for key, item in node.items()}

    def _intrinsic(self, key: str, argument: Any) -> Any:
        match key, argument:
            case "Ref", str(name):
                return self._ref(name)
            case "Fn::GetAtt", [str(name), "Arn"]:
                return self._arn(name)
            case "Fn::Sub", str(text):
                return self._sub(text, {})
            case "Fn::Sub", [str(text), dict(extra)]:
                return self._sub(text, self._value(extra))
            case "Fn::Join", [str(between), list(parts)]:
                return between.join(self._value(part) for part in parts)
        raise ResolveError(f"cannot evaluate {key} {argument!r}")

    def _sub(self, text: str, extra: dict[str, str]) -> str:
        def fill(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in extra:
                return extra[name]
            logical, _, attribute = name.partition(".")
            return str(self._intrinsic("Fn::GetAtt", [logical, attribute]) if attribute else self._ref(name))

        return _PLACEHOLDER.sub(fill, text)

    def _ref(self, name: str) -> str:
        if name in self._pseudo:
            return self._pseudo[name]
        return self._arn(name) if self._kind(name) == "AWS::SNS::Topic" else self._name(name)

    def _arn(self, name: str) -> str:
        kind = self._kind(name)
        if kind not in _ARN:
            raise ResolveError(f"cannot make the ARN of {name}, a {kind}")
        return _ARN[kind].format(name=self._name(name), **self._place)

    def _kind(self, name: str) -> str:
        if name not in self._resources:
            raise ResolveError(f"the template has no resource {name!r}")
        return str(self._resources[name].get("Type"))

    def _name(self, name: str) -> str:
        kind = self._kind(name)
        if kind not in _NAME:
            raise ResolveError(f"cannot make the name of {name}, a {kind}")
        value: Any = self._resources[name].get("Properties", {})
        for step in _NAME[kind].split("."):
            value = value.get(step, {})
        return str(self._value(value)) if value else name
