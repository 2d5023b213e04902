"""Ways to look into a template that several rules share."""

from collections.abc import Iterator
from typing import Any

from headgate.infra.template.intrinsics import Json


def of(template: Json, *kinds: str) -> list[tuple[str, Json]]:
    """List the resources of some types: logical id and the whole body."""
    return [(name, body) for name, body in template["Resources"].items() if body["Type"] in kinds]


def properties(template: Json, *kinds: str) -> list[tuple[str, Json]]:
    """List the resources of some types: logical id and properties."""
    return [(name, body.get("Properties", {})) for name, body in of(template, *kinds)]


def statements(template: Json) -> Iterator[tuple[str, Json]]:
    """Walk all statements of all roles' policies (what they may do, not who may take them on)."""
    for name, role in properties(template, "AWS::IAM::Role"):
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def many(value: Any) -> list[Any]:
    """Return a list where IAM allows one or many."""
    return value if isinstance(value, list) else [value]


def texts(node: Any) -> Iterator[str]:
    """Walk every text of a piece of a template, keys included."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from texts(value)
    elif isinstance(node, list):
        for item in node:
            yield from texts(item)
