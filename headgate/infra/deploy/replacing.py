"""What CloudFormation cannot do to a stack, found before it is asked: pure comparisons of two templates.

A property that is fixed when a resource is made can only change by a new resource, and CloudFormation does
not replace a resource that keeps the name which the template gives it.

Source: CloudFormation user guide, troubleshooting, "cannot update a stack when a custom-named resource
requires replacing"; the createOnlyProperties of the resource schemas, with which a test compares FIXED.
"""

from typing import Any, NamedTuple

from headgate.infra.template.intrinsics import Json
from headgate.infra.template.resolve import resolve


class Fixed(NamedTuple):
    """The property that names a resource, and those that are fixed when it is made."""

    name: str
    others: tuple[str, ...]


FIXED = {
    "AWS::KinesisFirehose::DeliveryStream": Fixed(
        "DeliveryStreamName", ("DeliveryStreamType", "KinesisStreamSourceConfiguration")
    ),
    "AWS::Logs::LogStream": Fixed("LogStreamName", ("LogGroupName",)),
    "AWS::Glue::Table": Fixed("TableInput/Name", ("CatalogId", "DatabaseName")),
}
_SETTING = {"RawDelivery": "names.raw", "CuratedDelivery": "names.curated"}
"""The setting with which a person can name a resource anew."""


def impossible(deployed: Json, wanted: Json, account: str, region: str) -> list[str]:
    """Return one sentence for each resource that would have to be replaced under its own name."""
    both = [
        logical
        for logical, body in wanted["Resources"].items()
        if body["Type"] in FIXED and deployed["Resources"].get(logical, {}).get("Type") == body["Type"]
    ]

    old, new = (resolve(each, account, region, both) for each in (deployed, wanted))
    return [
        f"{logical} {name} cannot change its {changed}: CloudFormation would have to replace it and does not "
        f"replace a resource that keeps its name. Give it another name"
        + (f" with the setting {_SETTING[logical]}" if logical in _SETTING else "")
        for logical in both
        for name, changed in _conflicts(old[logical], new[logical])
    ]


def format_change(deployed: Json, wanted: Json) -> tuple[str, str] | None:
    """Return the old and the new format of curated/ when they differ: one table reads one format."""
    old, new = (_format(each) for each in (deployed, wanted))
    return None if old is None or new is None or old == new else (old, new)


def _conflicts(old: Json, new: Json) -> list[tuple[str, str]]:
    fixed = FIXED[new["Type"]]
    names = [_value(each["Properties"], fixed.name) for each in (old, new)]
    if names[0] != names[1]:
        return []
    changed = [
        each for each in fixed.others if _value(old["Properties"], each) != _value(new["Properties"], each)
    ]
    return [(str(names[1]), each) for each in changed]


def _value(properties: Json, path: str) -> Any:
    found: Any = properties
    for step in path.split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _format(template: Json) -> str | None:
    table = template["Resources"].get("Table", {}).get("Properties", {}).get("TableInput", {})
    found = table.get("Parameters", {}).get("classification")
    # A table of NDJSON is one column of text, which the catalog calls csv; before decision 0075 it was json.
    return None if found is None else {"json": "ndjson", "csv": "ndjson"}.get(found, str(found))
