"""`python -m headgate infra`: every mistake ends with one sentence and exit code 2, and nothing is done."""

import argparse
import shutil
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from headgate.infra.command import COMMANDS, add_arguments, run
from headgate.infra.deploy.session import Clients, one_sentence
from headgate.infra.deploy.waiting import wait_for
from headgate.infra.errors import InfraError
from tests.infra.fake_aws import StillClock, refused

ROOT = Path(__file__).parents[2]


def called(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(list(arguments)))


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in {"keys", "scale"}])
def test_a_mistyped_stage_stops_every_command_before_aws_is_asked(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(command, "--stage", "prdo", "--root", str(ROOT)) == 2
    error = capsys.readouterr().err
    assert "did you mean 'prod'?" in error
    assert error.count("\n") == 1


def test_no_region_is_one_sentence() -> None:
    class Nowhere:
        region_name = None

    with pytest.raises(InfraError, match="there is no AWS region: set AWS_DEFAULT_REGION"):
        Clients(Nowhere()).place()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NoCredentialsError(), "there are no AWS credentials"),
        (refused("ExpiredToken"), "AWS refuses Operation: the AWS credentials have expired: log in again"),
        (refused("AccessDenied", "not authorized"), "AWS refuses Operation: AccessDenied: not authorized"),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS cannot be reached"),
    ],
)
def test_what_boto3_raises_becomes_one_sentence(error: Exception, sentence: str) -> None:
    with pytest.raises(InfraError, match=sentence), one_sentence():
        raise error


def test_clients_are_made_once() -> None:
    clients = Clients(boto3.Session(region_name="eu-west-1"))
    assert clients["sts"] is clients["sts"]
    clients["sts"].close()


def test_waiting_ends_with_a_sentence_when_the_time_is_up() -> None:
    clock = StillClock()
    with pytest.raises(InfraError, match="the stack is not done after 10 s; run the command again"):
        wait_for("the stack", lambda: None, clock, at_most_s=10.0)
    assert clock.now_s() == 10.0


def test_render_writes_only_what_is_behind_and_a_dry_run_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / ".chalice", tmp_path / ".chalice")
    behind = tmp_path / ".chalice" / "resources.json"
    behind.write_text("{}")
    assert called("render", "--stage", "prod", "--root", str(tmp_path), "--dry-run") == 0
    assert behind.read_text() == "{}"
    assert called("render", "--stage", "prod", "--root", str(tmp_path)) == 0
    assert behind.read_text() == (ROOT / ".chalice" / "resources.json").read_text()
    assert "policy-ingest-prod.json: up to date" in capsys.readouterr().out
