"""Deploying again: over kept resources, with a changed name or format, and with a role that is still new.

The stand-in for CloudFormation refuses what the real one refuses. Sources: CloudFormation user guide, import
resources automatically (literal name, DeletionPolicy Retain or RetainExceptOnCreate) and troubleshooting
(a custom-named resource that requires replacing); which properties are fixed comes from the resource schemas
that cfn-lint ships.
"""

from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from headgate.infra.commands.deploy import deploy
from headgate.infra.deploy.replacing import FIXED, impossible
from headgate.infra.errors import InfraError
from headgate.infra.template.resolve import resolve
from headgate.infra.template.template import data_plane, merge_template
from headgate.settings import StageSettings, in_place, load_settings, names_of, parse_settings
from tests.infra.fake_aws import CREATED, FakeClients, FakeFirehose, FakeLambda, FakeStacks, context
from tools.gate.combinations import combinations

ROOT = Path(__file__).parents[2]
PLACE = ("123456789012", "eu-west-1")
NAMES = {"AWS::S3::Bucket": "BucketName", "AWS::Kinesis::Stream": "Name"}
KEPT = {"headgate-prod", "headgate-prod-123456789012-eu-west-1"}


def taken_over(template: dict[str, Any], existing: set[str]) -> dict[str, str]:
    """Return what CloudFormation does with each bucket and stream when it may import existing resources."""
    found = {}
    bodies = resolve(
        template, *PLACE, [name for name, each in template["Resources"].items() if each.get("Type") in NAMES]
    )
    for logical, body in bodies.items():
        written = template["Resources"][logical]["Properties"][NAMES[body["Type"]]]
        if body["Properties"][NAMES[body["Type"]]] not in existing:
            found[logical] = "created"
        elif isinstance(written, str) and body["DeletionPolicy"] in {"Retain", "RetainExceptOnCreate"}:
            found[logical] = "imported"
        else:
            found[logical] = "AlreadyExists"
    return found


class RecordingStacks(FakeStacks):
    """CloudFormation that keeps the template of each change set."""

    def create_change_set(self, **call: Any) -> None:
        super().create_change_set(**call)
        self.bodies = [*getattr(self, "bodies", []), call["TemplateBody"]]


def test_a_chalice_managed_deploy_takes_over_a_bucket_and_a_stream_that_were_kept() -> None:
    settings = load_settings(ROOT, "prod")
    stacks = RecordingStacks()
    run, _ = context(FakeClients(cloudformation=stacks, lambda_=FakeLambda({}, [])), ROOT, settings=settings)
    assert deploy(run) == 0
    (body,) = stacks.bodies
    assert "Fn::Sub" not in str(
        data_plane(in_place(settings, *PLACE))["Resources"]["Bucket"]["Properties"]["BucketName"]
    )
    assert '"BucketName":"headgate-prod-123456789012-eu-west-1"' in body
    assert taken_over(data_plane(in_place(settings, *PLACE)), KEPT) == {
        "Stream": "imported",
        "Bucket": "imported",
    }


def test_a_cloudformation_managed_deploy_takes_over_a_bucket_whose_setting_has_its_literal_name() -> None:
    pattern = parse_settings("prod", {})
    literal = parse_settings("prod", {"names": {"bucket": "headgate-prod-123456789012-eu-west-1"}})
    assert taken_over(merge_template(pattern), KEPT)["Bucket"] == "AlreadyExists"
    assert taken_over(merge_template(literal), KEPT) == {"Stream": "imported", "Bucket": "imported"}


def test_a_name_that_is_written_out_is_the_same_name() -> None:
    settings = parse_settings("prod", {})
    assert resolve(data_plane(settings), *PLACE, ["Bucket", "RawDelivery"]) == resolve(
        data_plane(in_place(settings, *PLACE)), *PLACE, ["Bucket", "RawDelivery"]
    )


def fixed_properties(kind: str) -> set[str]:
    """Return what can only be set when a resource of this type is made, by its published schema."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return {each.removeprefix("/properties/") for each in schema.get("createOnlyProperties", [])}


def has(properties: dict[str, Any], path: str) -> bool:
    node: Any = properties
    for step in path.split("/"):
        if not isinstance(node, dict) or step not in node:
            return False
        node = node[step]
    return True


def test_the_properties_that_are_fixed_are_those_of_the_published_schemas() -> None:
    named = {each.name for each in FIXED.values()} | {
        "AlarmName", "BucketName", "DashboardName", "LogGroupName", "Name"
    }  # fmt: skip
    nameless = {"AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::ApiGateway::Deployment"}
    # An API's stage is one resource with its API: neither changes under a stage's name.
    nameless.add("AWS::ApiGateway::Stage")
    for title, settings in combinations().items():
        for logical, body in data_plane(settings)["Resources"].items():
            kind, properties = body["Type"], body["Properties"]
            used = {each for each in fixed_properties(kind) if has(properties, each)}
            others = used - named if kind not in FIXED else used - {FIXED[kind].name}
            if kind not in nameless:
                assert others == set(FIXED[kind].others if kind in FIXED else ()) & used, (title, logical)
                assert others <= set(FIXED[kind].others if kind in FIXED else ()), (title, logical)


CHANGES: list[dict[str, Any]] = [
    {"on_demand": True},
    {"shards": 2, "retention_hours": 72},
    {"raw": {"size_mb": 9, "interval_s": 9, "compression": "none"}},
    {"curated": {"format": "parquet", "compression": "gzip", "size_mb": 65, "interval_s": 9}},
    {"time_zone": "Asia/Seoul"},
    {"auth": "iam"},
    {"throttle": {"rate_per_s": 1, "burst": 1}, "partner": {"rate_per_s": 1, "quota_requests": 1}},
    {"cors_origins": ["*"]},
    {"ordering_field": "/id", "pack_bytes": 0, "unknown_types": "reject"},
    {"alarm_email": "ops@example.com"},
    {"tags": {"team": "data"}},
    {"log_retention_days": 1},
    {"lifecycle": {"raw_expire_days": 9}},
    {"mapping": {"batch_size": 1, "window_s": 1, "retries": 1}},
    {"direct": True},
    {"names": {"stream": "s2"}},
    {"names": {"raw": "r2"}},
    {"names": {"curated": "c2"}},
    {"names": {"bucket": "b2-{account}"}},
]


def test_every_setting_is_among_the_changes() -> None:
    settings = {each.name for each in fields(StageSettings)} - {"stage"}
    assert settings == {name for change in CHANGES for name in change}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_no_setting_alone_makes_cloudformation_replace_a_resource_under_its_own_name(
    change: dict[str, Any],
) -> None:
    """Changing names.stream alone stopped with "cannot update a stack when a custom-named resource …"."""
    old, new = data_plane(parse_settings("prod", {})), data_plane(parse_settings("prod", change))
    assert impossible(old, new, *PLACE) == []
    assert impossible(new, old, *PLACE) == []


def test_the_archives_delivery_stream_is_renamed_together_with_its_stream() -> None:
    assert names_of(parse_settings("prod", {"names": {"stream": "clicks"}})).raw == "clicks-raw"
    assert names_of(parse_settings("prod", {"names": {"stream": "clicks", "raw": "mine"}})).raw == "mine"


def test_a_stream_renamed_under_a_fixed_delivery_stream_is_refused_with_the_setting_that_helps() -> None:
    settings = load_settings(ROOT, "prod")
    old = replace(settings, names=replace(settings.names, stream="s1", raw=names_of(settings).raw))
    stacks = FakeStacks("CREATE_COMPLETE", template=data_plane(in_place(old, *PLACE)))
    clients = FakeClients(cloudformation=stacks, lambda_=FakeLambda({}, []))
    run, _ = context(clients, ROOT, settings=settings)
    with pytest.raises(
        InfraError, match=r"RawDelivery headgate-prod-raw cannot change its Kinesis.* names.raw"
    ):
        deploy(run)
    assert stacks.calls == []


def test_a_changed_format_is_refused_until_it_is_forced() -> None:
    """Older objects of curated/ would make every query through the one table fail."""
    settings = load_settings(ROOT, "prod")
    old = replace(settings, curated=replace(settings.curated, format="parquet"))
    stacks = FakeStacks("CREATE_COMPLETE", "UPDATE_COMPLETE", template=data_plane(in_place(old, *PLACE)))
    clients = FakeClients(cloudformation=stacks, lambda_=FakeLambda({}, []))
    run, _ = context(clients, ROOT, settings=settings)
    with pytest.raises(InfraError, match=r"curated\.format goes from parquet to ndjson"):
        deploy(run)
    assert stacks.calls == []
    assert deploy(run, force=True) == 0


class YoungRole(FakeStacks):
    """CloudFormation whose first deploys fail because IAM has not told Firehose of the role yet."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def execute_change_set(self, **_: Any) -> None:
        self.calls.append("execute")
        self.failures -= 1
        self.script = ["ROLLBACK_COMPLETE" if self.failures >= 0 else "CREATE_COMPLETE"]

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        reason = "Firehose is unable to assume role arn:aws:iam::1:role/r. Please check the role provided."
        event = {"EventId": "1", "LogicalResourceId": "RawDelivery", "ResourceStatus": "CREATE_FAILED"}
        return {"StackEvents": [event | {"ResourceStatusReason": reason}]}


def test_a_role_that_firehose_cannot_assume_yet_is_waited_for() -> None:
    stacks = YoungRole(2)
    run, said = context(
        FakeClients(cloudformation=stacks, lambda_=FakeLambda({}, [])),
        ROOT,
        settings=load_settings(ROOT, "prod"),
    )
    assert deploy(run) == 0
    assert stacks.calls.count("execute") == 3
    assert len([line for line in said if "trying again in 30 s" in line]) == 2
    assert run.clock.now_s() >= 60


def test_waiting_for_a_role_ends() -> None:
    run, _ = context(
        FakeClients(cloudformation=YoungRole(99), lambda_=FakeLambda({}, [])),
        ROOT,
        settings=load_settings(ROOT, "prod"),
    )
    with pytest.raises(InfraError, match="unable to assume role"):
        deploy(run)


@pytest.mark.parametrize(("later", "told"), [(timedelta(seconds=90), False), (timedelta(days=3), True)])
def test_deploy_says_from_when_on_the_archive_holds_the_stream(later: timedelta, *, told: bool) -> None:
    clients = FakeClients(
        cloudformation=FakeStacks(), lambda_=FakeLambda({}, []), firehose=FakeFirehose(CREATED + later)
    )
    run, said = context(clients, ROOT, settings=load_settings(ROOT, "prod"))
    assert deploy(run) == 0
    assert any(line.startswith("raw-data/ holds what arrived in the stream from 2026-11-") for line in said)
    advice = "replay --stage prod --source stream --from 2026-11-01T12:00:00Z --to 2026-11-04T12:00:00Z"
    assert any(advice in line for line in said) is told
