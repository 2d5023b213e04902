"""CloudFormation's intrinsic functions, IAM's statements and the stage's tags, as small Python functions."""

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
    """Return the stage's tags in CloudFormation's usual form."""
    return [{"Key": key, "Value": value} for key, value in tag_map(settings).items()]


def tag_map(settings: StageSettings) -> dict[str, str]:
    """Return the stage's tags as an object, as SAM and Glue take them."""
    return dict(settings.tags) | {"headgate:stage": settings.stage}


def allow(actions: list[str], *resources: Json | str) -> Json:
    """Make one Allow statement."""
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}


def policy(name: str, statements: list[Json]) -> Json:
    """Make one inline policy."""
    return {"PolicyName": name, "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}


def trust(service: str, **limits: Json) -> Json:
    """Make the policy that lets a service take a role; `limits` are a Condition, if there is one."""
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **limits}
    return {"Version": "2012-10-17", "Statement": [statement]}
