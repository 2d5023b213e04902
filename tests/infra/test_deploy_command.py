"""`infra deploy`, `diff` and the checks before them, against a scripted CloudFormation."""

import shutil
from pathlib import Path

import pytest

from headgate.infra.commands.deploy import deploy
from headgate.infra.commands.diff import diff, unified
from headgate.infra.errors import InfraError
from headgate.infra.template.template import data_plane
from headgate.settings import StageSettings, in_place, load_settings
from tests.infra.fake_aws import FakeClients, FakeLambda, FakeStacks, context

ROOT = Path(__file__).parents[2]
NO_FUNCTIONS = FakeLambda({}, [])


@pytest.fixture
def settings() -> StageSettings:
    return load_settings(ROOT, "prod")


def test_a_first_deploy_shows_its_changes_then_makes_them(settings: StageSettings) -> None:
    stacks = FakeStacks()
    run, said = context(FakeClients(cloudformation=stacks, lambda_=NO_FUNCTIONS), ROOT, settings=settings)
    assert deploy(run) == 0
    assert stacks.calls == ["create CREATE", "execute"]
    assert "  Add      Stream                   T (REPLACED: a new one is made)" in said
    assert "StreamName: s" in said


def test_a_dry_run_shows_the_changes_and_leaves_no_stack(settings: StageSettings) -> None:
    stacks = FakeStacks()
    clients = FakeClients(cloudformation=stacks, lambda_=NO_FUNCTIONS)
    run, said = context(clients, ROOT, settings=settings, dry_run=True)
    assert deploy(run) == 0
    assert stacks.calls == ["create CREATE", "drop", "delete"]
    assert said[-1] == "dry run: 1 change, none made"


def test_deploying_again_changes_nothing(settings: StageSettings) -> None:
    stacks = FakeStacks("CREATE_COMPLETE", changes=0)
    run, said = context(FakeClients(cloudformation=stacks, lambda_=NO_FUNCTIONS), ROOT, settings=settings)
    assert deploy(run) == 0
    assert stacks.calls == ["drop", "create UPDATE", "drop"]
    assert "nothing to change" in said


def test_a_failed_first_deploy_is_removed_and_made_anew(settings: StageSettings) -> None:
    stacks = FakeStacks("ROLLBACK_COMPLETE")
    run, _ = context(FakeClients(cloudformation=stacks, lambda_=NO_FUNCTIONS), ROOT, settings=settings)
    assert deploy(run) == 0
    assert stacks.calls == ["delete", "create CREATE", "execute"]


def test_a_deploy_that_fails_tells_the_first_reason_and_not_the_cancelled_ones(
    settings: StageSettings,
) -> None:
    stacks = FakeStacks("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    run, _ = context(FakeClients(cloudformation=stacks, lambda_=NO_FUNCTIONS), ROOT, settings=settings)
    with pytest.raises(InfraError, match="Stream: the limit of shards is reached"):
        deploy(run)


def test_a_busy_stack_is_left_alone(settings: StageSettings) -> None:
    stacks = FakeStacks("UPDATE_IN_PROGRESS")
    run, _ = context(FakeClients(cloudformation=stacks, lambda_=NO_FUNCTIONS), ROOT, settings=settings)
    with pytest.raises(InfraError, match="is busy"):
        deploy(run)
    assert stacks.calls == []


def test_a_template_that_cloudformation_refuses_is_told_in_its_words(settings: StageSettings) -> None:
    stacks = FakeStacks(reason="Unresolved resource dependencies")
    run, _ = context(FakeClients(cloudformation=stacks, lambda_=NO_FUNCTIONS), ROOT, settings=settings)
    with pytest.raises(InfraError, match="Unresolved resource dependencies"):
        deploy(run)
    assert "execute" not in stacks.calls


def test_a_stage_that_was_made_as_one_stack_is_refused(settings: StageSettings) -> None:
    functions = FakeLambda({"headgate-prod": {"lambda:createdBy": "SAM"}}, [])
    run, _ = context(FakeClients(cloudformation=FakeStacks(), lambda_=functions), ROOT, settings=settings)
    with pytest.raises(InfraError, match="was deployed as one CloudFormation stack"):
        deploy(run)


def test_files_that_are_behind_the_settings_stop_a_deploy(tmp_path: Path, settings: StageSettings) -> None:
    shutil.copytree(ROOT / ".chalice", tmp_path / ".chalice")
    (tmp_path / ".chalice" / "policy-ingest-prod.json").write_text("{}")
    run, _ = context(FakeClients(), tmp_path, settings=settings)
    with pytest.raises(
        InfraError, match=r"policy-ingest-prod\.json is behind the settings: run `infra render"
    ):
        deploy(run)


def test_diff_is_silent_when_the_settings_are_deployed(
    settings: StageSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    stacks = FakeStacks(
        "CREATE_COMPLETE", template=data_plane(in_place(settings, "123456789012", "eu-west-1"))
    )
    run, said = context(FakeClients(cloudformation=stacks), ROOT, settings=settings)
    assert (diff(run), said, capsys.readouterr().out) == (0, ["no difference"], "")


def test_diff_shows_each_line_that_differs_and_says_so_by_its_exit_code(settings: StageSettings) -> None:
    run, _ = context(FakeClients(cloudformation=FakeStacks()), ROOT, settings=settings)
    assert diff(run) == 1
    assert unified({"a": 1}, {"a": 2})[-3:] == ['-  "a": 1', '+  "a": 2', " }"]
