"""`headgate infra`: every mistake ends with one sentence and exit code 2, and nothing is done."""

import argparse
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import cfnlint
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from headgate.infra.command import COMMANDS, add_arguments, run
from headgate.infra.commands.package import RUNTIME_ENDS, runtime
from headgate.infra.deploy.session import Clients, Place, is_this_machine, one_sentence
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


ON_THIS_MACHINE = [
    "http://127.0.0.1:4566",
    "http://localhost:4566",
    "http://LOCALHOST.:4566",
    "http://x.localhost:1",
    "http://127.9.9.9:1",
    "http://[::1]:4566",
    "http://[::ffff:127.0.0.1]:4566",
    "http://0.0.0.0:4566",
]


@pytest.mark.parametrize("url", ON_THIS_MACHINE)
@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
def test_an_endpoint_on_this_machine_is_refused_unless_it_is_meant(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    """A pasted AWS_ENDPOINT_URL of the local run made `infra deploy` a success in no account at all."""
    monkeypatch.setenv(variable, url)
    session = boto3.Session("k", "s", region_name="eu-west-1")
    with pytest.raises(
        InfraError, match="is on this machine and not at AWS: unset AWS_ENDPOINT_URL, or add --local"
    ):
        Clients(session).place()
    meant = Clients(session, local=True)
    assert meant.endpoint("sts") == url
    meant["sts"].close()


@pytest.mark.parametrize(
    "url", ["https://vpce-1.kinesis.eu-west-1.vpce.amazonaws.com", "https://127.0.0.1.example.com"]
)
def test_an_endpoint_elsewhere_is_taken(url: str) -> None:
    assert not is_this_machine(url)


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"render", "package", "views"}))
def test_every_command_that_calls_aws_names_its_account_and_endpoint_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    class Stopped(Clients):
        def place(self) -> Place:
            return Place("123456789012", "eu-west-1")

        def endpoint(self, service: str) -> str:
            return f"https://{service}.eu-west-1.amazonaws.com"

        def __getitem__(self, service: str) -> Any:
            raise InfraError("stopped")

    monkeypatch.setattr("headgate.infra.command.clients", lambda *, local: Stopped(None, local=local))
    more = {"keys": ["list"], "scale": ["--shards", "2"]}.get(command, [])
    assert called(command, "--stage", "prod", "--root", str(ROOT), *more) == 2
    first, *_ = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        r"account 123456789012, eu-west-1, at https://[a-z]+\.eu-west-1\.amazonaws\.com", first
    )


def test_each_runtime_and_its_end_are_those_that_cfn_lint_knows() -> None:
    known = json.loads(
        (Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "LmbdRuntimeLifecycle.json").read_text()
    )
    assert {name: known[name]["deprecated"] for name in RUNTIME_ENDS} == RUNTIME_ENDS


def test_a_python_that_lambda_does_not_have_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime() in RUNTIME_ENDS
    monkeypatch.setattr("sys.version_info", SimpleNamespace(major=3, minor=15))
    with pytest.raises(InfraError, match=r"python3\.15 is not one of python3\.11, .*python3\.14"):
        runtime()
