"""`infra keys` and `infra destroy`: what they make, show, keep and refuse."""

from pathlib import Path
from typing import Any

import pytest

from headgate.infra.commands import keys
from headgate.infra.commands.destroy import destroy
from headgate.infra.errors import InfraError
from headgate.settings import parse_settings
from tests.infra.fake_aws import FakeClients, FakeLambda, FakePages, FakeStacks, context, refused

BUCKET = "headgate-prod-123456789012-eu-west-1"


class FakeKeys:
    """API keys under one usage plan."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def get_paginator(self, operation: str) -> FakePages:
        if operation == "get_usage_plans":
            return FakePages({"items": [{"id": "p", "name": "headgate-prod"}]})
        return FakePages({"items": [{"id": key, "name": name} for key, name in self.keys.items()]})

    def create_api_key(self, name: str, **_: Any) -> dict[str, str]:
        return {"id": f"id-of-{name}", "name": name, "value": "secret"}

    def create_usage_plan_key(self, keyId: str, **_: Any) -> None:  # noqa: N803  boto3's name
        self.keys[keyId] = keyId.removeprefix("id-of-")

    def delete_api_key(self, apiKey: str) -> None:  # noqa: N803  boto3's name
        del self.keys[apiKey]


def test_a_key_is_shown_once_when_it_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = FakeKeys()
    run, said = context(FakeClients(apigateway=gateway), tmp_path)
    assert keys.add(run, "acme") == 0
    assert capsys.readouterr().out == "secret\n"
    assert keys.show(run) == 0
    assert capsys.readouterr().out.split() == ["acme", "id-of-headgate-prod-acme"]
    assert "secret" not in "".join(said)


def test_a_partner_has_one_key_and_loses_it_by_name(tmp_path: Path) -> None:
    gateway = FakeKeys()
    run, _ = context(FakeClients(apigateway=gateway), tmp_path)
    keys.add(run, "acme")
    with pytest.raises(InfraError, match="acme has a key already"):
        keys.add(run, "acme")
    assert keys.revoke(run, "acme") == 0
    assert gateway.keys == {}
    with pytest.raises(InfraError, match="acme has no key"):
        keys.revoke(run, "acme")


def test_a_dry_run_makes_and_revokes_nothing(tmp_path: Path) -> None:
    gateway = FakeKeys()
    gateway.keys["k"] = "headgate-prod-acme"
    run, _ = context(FakeClients(apigateway=gateway), tmp_path, dry_run=True)
    keys.add(run, "other")
    keys.revoke(run, "acme")
    assert list(gateway.keys) == ["k"]


def test_a_stage_without_keys_says_so(tmp_path: Path) -> None:
    settings = parse_settings("prod", {"auth": "none"})
    run, _ = context(FakeClients(apigateway=FakeKeys()), tmp_path, settings=settings)
    with pytest.raises(InfraError, match="the stage has auth none: it knows no keys"):
        keys.show(run)


class FakeKinesis:
    """One stream, there or not."""

    def __init__(self) -> None:
        self.there = True

    def describe_stream_summary(self, **_: Any) -> None:
        if not self.there:
            raise refused("ResourceNotFoundException")

    def delete_stream(self, **_: Any) -> None:
        self.there = False


class FakeBucket:
    """One bucket with versions."""

    def __init__(self, objects: int) -> None:
        self.versions = [{"Key": str(at), "VersionId": "v"} for at in range(objects)]
        self.calls: list[int] = []
        self.there = True

    def get_paginator(self, _: str) -> FakePages:
        return FakePages({"Versions": self.versions[:-1], "DeleteMarkers": self.versions[-1:]})

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> None:  # noqa: N803  boto3's names
        assert Bucket == BUCKET
        self.calls.append(len(Delete["Objects"]))

    def delete_bucket(self, **_: Any) -> None:
        self.there = False


def taken_down(
    tmp_path: Path, *, bucket_too: bool, dry_run: bool = False
) -> tuple[FakeStacks, FakeKinesis, FakeBucket]:
    stacks, kinesis, s3 = FakeStacks("CREATE_COMPLETE"), FakeKinesis(), FakeBucket(1_500)
    clients = FakeClients(cloudformation=stacks, kinesis=kinesis, s3=s3, lambda_=FakeLambda({}, []))
    run, _ = context(clients, tmp_path, dry_run=dry_run)
    assert destroy(run, bucket_too=bucket_too) == 0
    return stacks, kinesis, s3


def test_destroy_takes_stack_and_stream_and_keeps_the_bucket(tmp_path: Path) -> None:
    stacks, kinesis, s3 = taken_down(tmp_path, bucket_too=False)
    assert (stacks.calls, kinesis.there, s3.there, s3.calls) == (["delete"], False, True, [])


def test_destroy_empties_and_deletes_the_bucket_when_it_is_named(tmp_path: Path) -> None:
    _, _, s3 = taken_down(tmp_path, bucket_too=True)
    assert (s3.there, s3.calls) == (False, [1_000, 500])


def test_a_dry_run_destroys_nothing(tmp_path: Path) -> None:
    stacks, kinesis, s3 = taken_down(tmp_path, bucket_too=True, dry_run=True)
    assert (stacks.calls, kinesis.there, s3.there) == ([], True, True)


def test_destroy_refuses_while_the_functions_run(tmp_path: Path) -> None:
    run, _ = context(FakeClients(lambda_=FakeLambda({"headgate-prod": {}}, [])), tmp_path)
    with pytest.raises(InfraError, match="`chalice delete --stage prod` first"):
        destroy(run, bucket_too=True)
