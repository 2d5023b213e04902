"""What the local run has to build, read from the generated template.

What runs locally is what will be deployed.

    plan = load_plan("dev", Path.cwd(), "123456789012", "us-east-1")
    plan.stream["ShardCount"], plan.bucket, plan.mapping["BatchSize"], plan.deliveries[0]["Tags"]
"""

from pathlib import Path
from typing import Any, NamedTuple

from headgate.infra.template.functions import EVENT_SOURCE
from headgate.infra.template.intrinsics import Json
from headgate.infra.template.resolve import resolve
from headgate.infra.template.template import merge_template
from headgate.settings import StageSettings, environment, load_settings

_KINDS = {
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::S3::Bucket",
    "AWS::Glue::Table",
}


class StagePlan(NamedTuple):
    """One stage on one machine; every dict holds CloudFormation's properties with intrinsics evaluated.

    `stream`: AWS::Kinesis::Stream. `deliveries`: AWS::KinesisFirehose::DeliveryStream, the archive first.
    `bucket`: its name. `mapping`: AWS::Lambda::EventSourceMapping of the transform. `tables`: TableInput of
    every Glue table, but not of a view, by (database, table). `environment`: the functions' variables.
    """

    stream: dict[str, Any]
    deliveries: list[dict[str, Any]]
    bucket: str
    mapping: dict[str, Any]
    tables: dict[tuple[str, str], dict[str, Any]]
    environment: dict[str, str]


def load_plan(stage: str, root: Path, account: str, region: str) -> StagePlan:
    """Read the settings of `stage` at `root` and plan it. Raises SettingsError."""
    return local_plan(load_settings(root, stage), account, region)


def local_plan(settings: StageSettings, account: str, region: str) -> StagePlan:
    """Plan a stage for one account and region."""
    template = merge_template(settings)
    wanted = [name for name, body in template["Resources"].items() if body.get("Type") in _KINDS]
    resources = resolve(template, account, region, [*wanted, "Transform"])
    event = resources["Transform"]["Properties"]["Events"][EVENT_SOURCE]["Properties"]
    deliveries = _of(resources, "AWS::KinesisFirehose::DeliveryStream")
    return StagePlan(
        stream=_of(resources, "AWS::Kinesis::Stream")[0],
        deliveries=deliveries,
        bucket=_of(resources, "AWS::S3::Bucket")[0]["BucketName"],
        mapping=event,
        tables={
            (each["DatabaseName"], each["TableInput"]["Name"]): each["TableInput"]
            for each in _of(resources, "AWS::Glue::Table")
            if each["TableInput"]["TableType"] != "VIRTUAL_VIEW"
        },
        environment=environment(settings),
    )


def _of(resources: dict[str, Json], kind: str) -> list[dict[str, Any]]:
    return [body["Properties"] for body in resources.values() if body.get("Type") == kind]
