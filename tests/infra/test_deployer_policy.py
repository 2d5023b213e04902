"""The policy of the person who deploys covers every call that is made, and names what it is for."""

import json
from pathlib import Path

import pytest

from headgate.settings import parse_settings
from tools.deployer_policy import MAKES, OUR_SERVICES, actions, operations, policy, text, types

ROOT = Path(__file__).parents[2]
PROD = parse_settings("prod", {"auth": "api_key"})


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"direct": True, "alarm_email": "a@example.com"},
        {"on_demand": True},
        {"curated": {"format": "parquet"}},
    ],
    ids=str,
)
def test_every_type_of_a_stage_has_its_actions(settings: dict[str, object]) -> None:
    assert types(parse_settings("prod", settings)) <= set(MAKES)


def test_a_call_that_a_command_makes_is_an_action_of_the_policy() -> None:
    called = operations(sorted((ROOT / "headgate" / "infra").rglob("*.py")), OUR_SERVICES)
    assert {("kinesis", "UpdateShardCount"), ("cloudformation", "ExecuteChangeSet")} <= called
    assert ("lambda", "UpdateEventSourceMapping") in called
    wanted = actions(PROD)
    for service, operation in called - {("s3", "DeleteObjects"), ("s3", "ListObjectVersions")}:
        assert f"{service}:{operation}" in wanted or service in {"apigateway", "s3"}


def test_a_new_call_is_found_without_being_listed(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text("client.merge_shards(StreamName=name)\n")
    assert operations([tmp_path / "new.py"], ["kinesis"]) == {("kinesis", "MergeShards")}


def test_only_what_has_no_resource_is_open_and_everything_else_carries_the_stages_name() -> None:
    for statement in policy(PROD)["Statement"]:
        if statement["Resource"] == ["*"]:
            assert statement["Sid"].endswith("Lists")
        elif statement["Sid"] != "Apigateway":  # an API's id is not known before it is made
            own = [
                each
                for each in statement["Resource"]
                if ":aws:transform/" not in each and "catalog" not in each
            ]
            assert all(
                "headgate-prod" in each or "headgate_prod" in each or "/headgate/prod/" in each
                for each in own
            )
        assert all("*" not in action for action in statement["Action"])


def test_the_policy_fits_into_a_managed_policy() -> None:
    """6,144 characters, white space not counted. Source: IAM and STS quotas."""
    assert len("".join(text(PROD).split())) <= 6144


def test_roles_may_only_be_passed_where_they_are_made() -> None:
    (iam,) = (each for each in policy(PROD)["Statement"] if each["Sid"] == "Iam")
    assert "iam:PassRole" in iam["Action"]
    assert json.dumps(iam["Resource"]).count("*:role/headgate-prod*") == 1
