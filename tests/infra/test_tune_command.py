"""`infra tune`: what it compares, what it sets, and when it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from headgate.infra.commands.tune import (
    mapping_differences,
    response_differences,
    stage_patches,
    tune,
    wanted_mapping,
)
from headgate.infra.deploy.context import Deployed, deployed
from headgate.infra.deploy.mappings import one_mapping
from headgate.infra.errors import InfraError
from headgate.infra.template.api import gateway_responses
from headgate.settings import StageSettings, parse_settings
from tests.infra.fake_aws import FakeClients, FakeLambda, FakePages, FakeStacks, context, refused

SETTINGS = parse_settings("prod", {})
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/headgate-prod"
FUNCTIONS: dict[str, dict[str, str]] = {"headgate-prod": {}, "headgate-prod-transform": {}}


class FakeGateway:
    """One API with one stage and one usage plan."""

    def __init__(self) -> None:
        self.stage: dict[str, Any] = {}
        self.responses: list[dict[str, Any]] = [{"responseType": "THROTTLED", "defaultResponse": True}]
        self.plan: dict[str, Any] = {"id": "p", "name": "headgate-prod", "apiStages": []}
        self.deployments = 0

    def get_stage(self, **_: Any) -> dict[str, Any]:
        return self.stage

    def get_gateway_responses(self, **_: Any) -> dict[str, Any]:
        return {"items": self.responses}

    def put_gateway_response(self, restApiId: str, **response: Any) -> None:  # noqa: N803  boto3's name
        assert restApiId == "api"
        self.responses.append(response)

    def create_deployment(self, **_: Any) -> None:
        self.deployments += 1

    def update_stage(self, patchOperations: list[dict[str, str]], **_: Any) -> None:  # noqa: N803  boto3's name
        values = {each["path"]: each["value"] for each in patchOperations}
        every = {
            "throttlingRateLimit": float(values["/*/*/throttling/rateLimit"]),
            "throttlingBurstLimit": int(values["/*/*/throttling/burstLimit"]),
            "metricsEnabled": values["/*/*/metrics/enabled"] == "true",
            "dataTraceEnabled": values["/*/*/logging/dataTrace"] == "true",
        }
        log = {
            "destinationArn": values["/accessLogSettings/destinationArn"],
            "format": values["/accessLogSettings/format"],
        }
        self.stage = {"methodSettings": {"*/*": every}, "accessLogSettings": log}

    def get_paginator(self, _: str) -> FakePages:
        return FakePages({"items": [self.plan]})

    def update_usage_plan(self, patchOperations: list[dict[str, str]], **_: Any) -> None:  # noqa: N803  boto3's name
        api, stage = patchOperations[0]["value"].split(":")
        self.plan["apiStages"].append({"apiId": api, "stage": stage})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".chalice" / "deployed").mkdir(parents=True)
    resources = [
        {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "api"},
        {"name": "m", "resource_type": "kinesis_event", "event_uuid": "known"},
    ]
    state = tmp_path / ".chalice" / "deployed" / "prod.json"
    state.write_text(json.dumps({"resources": resources}), encoding="utf-8")
    return tmp_path


def fakes(**functions: dict[str, str]) -> tuple[FakeClients, FakeLambda, FakeGateway]:
    mapping = {"UUID": "known", "EventSourceArn": STREAM, "BatchSize": 100}
    lambda_, gateway = FakeLambda(functions or FUNCTIONS, [mapping]), FakeGateway()
    stacks = FakeStacks("CREATE_COMPLETE")
    return FakeClients(lambda_=lambda_, apigateway=gateway, cloudformation=stacks), lambda_, gateway


def test_tune_sets_what_chalice_cannot_and_then_has_nothing_to_do(root: Path) -> None:
    clients, lambda_, gateway = fakes()
    first, _ = context(clients, root)
    assert tune(first) == 0
    assert lambda_.updated[0]["MaximumRetryAttempts"] == 10
    assert lambda_.updated[0]["DestinationConfig"]["OnFailure"]["Destination"].startswith(
        "arn:aws:s3:::headgate-prod-"
    )
    assert (gateway.deployments, gateway.plan["apiStages"]) == (1, [{"apiId": "api", "stage": "prod"}])
    second, said = context(clients, root)
    assert tune(second) == 0
    assert said == ["nothing to change"]
    assert (len(lambda_.updated), gateway.deployments) == (1, 1)


def test_a_dry_run_names_everything_and_sets_nothing(root: Path) -> None:
    clients, lambda_, gateway = fakes()
    run, said = context(clients, root, dry_run=True)
    assert tune(run) == 0
    assert "would set mapping MaximumRetryAttempts" in said
    assert (lambda_.updated, gateway.deployments, gateway.stage, gateway.plan["apiStages"]) == ([], 0, {}, [])


def test_tune_refuses_a_stage_of_the_other_way(root: Path) -> None:
    clients, _, _ = fakes(**{"headgate-prod-transform": {"lambda:createdBy": "SAM"}})
    run, _ = context(clients, root)
    with pytest.raises(InfraError, match="which need no tuning"):
        tune(run)


def test_tune_without_the_data_plane_says_what_comes_first(root: Path) -> None:
    clients, _, _ = fakes()
    clients["cloudformation"].script = []
    run, _ = context(clients, root)
    with pytest.raises(InfraError, match="has no stream yet: run `infra deploy --stage prod` first"):
        tune(run)


def test_tune_without_functions_says_what_comes_first(root: Path) -> None:
    clients, lambda_, _ = fakes()
    lambda_.functions = {}
    run, _ = context(clients, root)
    with pytest.raises(InfraError, match="run `chalice deploy` first"):
        tune(run)


def test_a_lost_state_file_is_told_with_the_way_back(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="without it Chalice would make a second API"):
        deployed(tmp_path, "prod")


@pytest.mark.parametrize("text", ["", "[]", '{"resources": []}', '{"resources": [{"name": 1}]}'])
def test_a_damaged_state_file_is_one_sentence(root: Path, text: str) -> None:
    (root / ".chalice" / "deployed" / "prod.json").write_text(text, encoding="utf-8")
    with pytest.raises(InfraError, match="is damaged"):
        deployed(root, "prod")


def test_the_state_file_gives_the_api_and_the_mapping(root: Path) -> None:
    assert deployed(root, "prod") == Deployed("api", "known")


def test_a_second_mapping_of_a_failed_first_deploy_is_deleted() -> None:
    mappings = [{"UUID": each, "EventSourceArn": STREAM} for each in ("old", "known")]
    client = FakeLambda({}, [*mappings, {"UUID": "other", "EventSourceArn": "another"}])
    assert one_mapping(client, "f", STREAM, keep="known", repair=True)["UUID"] == "known"
    assert client.deleted == ["old"]


def test_a_function_that_reads_nothing_is_one_sentence() -> None:
    with pytest.raises(InfraError, match="run `chalice deploy` for this stage first"):
        one_mapping(FakeLambda({}, []), "f", STREAM, keep=None, repair=True)


def test_an_api_that_is_gone_is_one_sentence(root: Path) -> None:
    clients, _, gateway = fakes()

    def gone(**_: Any) -> dict[str, Any]:
        raise refused("NotFoundException")

    gateway.get_stage = gone  # type: ignore[method-assign]  # an API that somebody deleted
    run, _ = context(clients, root)
    with pytest.raises(InfraError, match="that Chalice remembers is gone"):
        tune(run)


def test_only_what_differs_is_sent_to_lambda() -> None:
    wanted = wanted_mapping(SETTINGS, "123456789012", "cn-north-1")
    found = wanted | {"MaximumRetryAttempts": -1, "UUID": "u"}
    assert mapping_differences(wanted, found) == {"MaximumRetryAttempts": 10}
    assert "StartingPosition" not in wanted
    assert wanted["DestinationConfig"]["OnFailure"]["Destination"].startswith("arn:aws-cn:s3:::")


def test_a_stage_without_settings_needs_every_patch() -> None:
    patches = {each["path"]: each["value"] for each in stage_patches(SETTINGS, "log", {})}
    assert patches["/*/*/throttling/rateLimit"] == "100"
    assert patches["/*/*/logging/dataTrace"] == "false"
    assert len(patches) == 6


def test_a_response_that_somebody_changed_is_set_again() -> None:
    found = [{"responseType": kind, **body} for kind, body in gateway_responses(SETTINGS).items()]
    assert response_differences(SETTINGS, found) == {}
    found[0]["responseTemplates"] = {}
    assert list(response_differences(SETTINGS, found)) == [found[0]["responseType"]]


def test_a_mapping_that_is_still_being_made_is_waited_for(root: Path) -> None:
    """Right after `chalice deploy` Lambda refuses every change of it with ResourceInUseException."""
    clients, lambda_, _ = fakes()
    lambda_.states = ["Creating"] * 8
    lambda_.refusals = [
        refused("ResourceInUseException", "Cannot update the event source mapping"),
        refused("InvalidParameterValueException", "The function execution role does not have permissions"),
    ]
    run, said = context(clients, root)
    assert tune(run) == 0
    assert len(lambda_.updated) == 1
    assert any(
        "waiting for the mapping known to take changes: 10 s of at most 300 s" in line for line in said
    )


def test_waiting_for_a_mapping_ends_with_one_sentence(root: Path) -> None:
    clients, lambda_, _ = fakes()
    lambda_.states = ["Creating"] * 1000
    run, _ = context(clients, root)
    with pytest.raises(InfraError, match="the mapping known to take changes is not done after 300 s"):
        tune(run)


def test_a_refusal_that_does_not_pass_is_told_at_once(root: Path) -> None:
    clients, lambda_, _ = fakes()
    lambda_.refusals = [refused("InvalidParameterValueException", "Batch size is too large")]
    run, _ = context(clients, root)
    with pytest.raises(ClientError, match="Batch size"):
        tune(run)
    assert run.clock.now_s() == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (SETTINGS, "lose their Idempotency-Key; set"),
        (parse_settings("prod", {"ordering_field": "/id"}), "ordering_field /id cannot hold"),
    ],
)
def test_a_stream_that_ignores_partition_keys_is_told(
    root: Path, settings: StageSettings, words: str
) -> None:
    clients, _, _ = fakes()
    clients["kinesis"].strategy = "AUTO"
    run, said = context(clients, root, settings=settings)
    assert tune(run) == 0
    assert [line for line in said if line.startswith("warning: the stream headgate-prod") and words in line]
