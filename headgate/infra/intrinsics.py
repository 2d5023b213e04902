"""CloudFormation's intrinsic functions as small Python functions, and every resource's tags."""

from typing import Any

from headgate.settings import StageSettings

Json = dict[str, Any]
"""A piece of a template."""


def ref(logical_id: str) -> Json:
    """Refer to a resource or a pseudo parameter."""
    return {"Ref": logical_id}


def att(logical_id: str, name: str = "Arn") -> Json:
    """Refer to an attribute. A list, as Chalice writes it: a merge must find the same intrinsic."""
    return {"Fn::GetAtt": [logical_id, name]}


def sub(text: str) -> Json:
    """Fill `${…}` in a text."""
    return {"Fn::Sub": text}


def arn(service: str, resource: str) -> Json:
    """Make the ARN of a resource of this account and region, in whatever partition."""
    return sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def resource(kind: str, properties: Json, **attributes: Any) -> Json:
    """Make one entry of `Resources`; attributes such as DependsOn stand beside the properties."""
    return {"Type": kind, **attributes, "Properties": properties}


def tags(settings: StageSettings) -> list[Json]:
    """Answer the stage's tags in CloudFormation's usual form."""
    return [{"Key": key, "Value": value} for key, value in tag_map(settings).items()]


def tag_map(settings: StageSettings) -> dict[str, str]:
    """Answer the stage's tags as an object, as SAM and Glue take them."""
    return dict(settings.tags) | {"headgate:stage": settings.stage}
