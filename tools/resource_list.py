"""docs/resources.md, made from the template: what a stage owns in AWS, its alarms, and who may do what."""

import json
from typing import Any

from headgate.infra.template.alarms import listed
from headgate.infra.template.delivery import delivery_roles
from headgate.infra.template.functions import ingest_statements, transform_statements
from headgate.infra.template.intrinsics import Json
from headgate.infra.template.template import merge_template
from headgate.settings import StageSettings

_NAMES = (
    "Name",
    "DeliveryStreamName",
    "BucketName",
    "FunctionName",
    "LogGroupName",
    "UsagePlanName",
    "DashboardName",
)

HEAD = """# What a stage owns in AWS

Made from the template of the stage `prod` with its settings in this repository;
`python -m tools.docs` writes it again.

"""


def resource_list(settings: StageSettings) -> str:
    """Write the whole page."""
    return HEAD + _resources(settings) + _alarms(settings) + _policies(settings)


def _resources(settings: StageSettings) -> str:
    rows = ["## Resources", "", "| logical id | type | name |", "|---|---|---|"]
    for name, body in merge_template(settings)["Resources"].items():
        kind = body.get("Type", "Chalice's own, completed")
        if kind != "AWS::CloudWatch::Alarm":
            rows.append(f"| {name} | {kind} | {_name(body.get('Properties', {}))} |")
    return "\n".join(rows) + "\n\n"


def _alarms(settings: StageSettings) -> str:
    rows = ["## Alarms", "", "| alarm | metric | when | watches | what to do |", "|---|---|---|---|---|"]
    for each in listed(settings):
        sign, threshold = (">", each.above) if each.above is not None else ("<", each.below)
        periods = "1 period" if each.periods == 1 else f"{each.periods} periods"
        when = f"{sign} {threshold:,g} in {periods} of 5 min"
        if each.unread:
            when += f", while {each.unread[0]} is 0"
        rows.append(f"| {each.name} | {each.metric} | {when} | {each.promise} | {each.action} |")
    return "\n".join(rows) + "\n\n"


def _policies(settings: StageSettings) -> str:
    text = "## Who may do what\n"
    roles = {
        "ingest function": ingest_statements(settings),
        "transform function": transform_statements(settings),
    }
    for logical, body in delivery_roles(settings).items():
        roles[logical] = body["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    for title, statements in roles.items():
        text += f"\n**{title}**\n\n| may | on |\n|---|---|\n"
        text += "".join(f"| {', '.join(each['Action'])} | {_on(each)} |\n" for each in statements)
    return text


def _on(statement: Json) -> str:
    return "<br>".join(f"`{_text(each)}`" for each in statement["Resource"])


def _name(properties: Json) -> str:
    found = next((properties[key] for key in _NAMES if key in properties), "")
    return f"`{_text(found)}`" if found else ""


def _text(value: Any) -> str:
    match value:
        case {"Fn::Sub": str(text)}:
            return text
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
    return value if isinstance(value, str) else json.dumps(value)
