"""Readers find the local run that is up, and nothing else: by its file, and by the lock that it holds."""

import argparse
import fcntl
import io
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import IO

import pytest

from headgate.local import address, env
from headgate.readers.stage import Stage, open_stage

ROOT = Path(__file__).parents[2]
RUN = address.Address("dev", "http://127.0.0.1:8000", "http://127.0.0.1:4599", "eu-west-1")
VARIABLES = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder without a run, and a shell without AWS."""
    (tmp_path / ".chalice").symlink_to(ROOT / ".chalice")
    (tmp_path / ".local").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".local"


@pytest.fixture
def lock(project: Path) -> Iterator[IO[str]]:
    """What a run that is up holds."""
    address.write(project, RUN)
    with (project / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _opened(stage: str = "dev", endpoint: str | None = None) -> tuple[Stage, str]:
    said = io.StringIO()
    with redirect_stderr(said):
        found = open_stage(argparse.Namespace(stage=stage, endpoint=endpoint, files=None))
    return found, said.getvalue()


def test_a_run_that_is_up_is_asked_and_it_is_said_in_one_line(lock: IO[str]) -> None:
    assert not lock.closed
    stage, said = _opened()
    assert (stage.endpoint_url, stage.client("kinesis").meta.region_name) == (RUN.endpoint_url, "eu-west-1")
    assert said == "headgate: asking the local run of the stage dev at http://127.0.0.1:4599\n"


def test_a_run_that_was_killed_is_not_asked(lock: IO[str]) -> None:
    fcntl.flock(lock, fcntl.LOCK_UN)
    stage, said = _opened()
    assert stage.endpoint_url is None
    assert said == "headgate: the local run in .local has ended; asking AWS\n"


def test_no_run_is_nothing_to_speak_of(project: Path) -> None:
    assert project.exists()
    stage, said = _opened()
    assert (stage.endpoint_url, said) == (None, "")


def test_another_stage_is_not_the_runs(lock: IO[str]) -> None:
    assert not lock.closed
    stage, said = _opened("prod")
    assert stage.endpoint_url is None
    assert "the stage prod is asked for; asking AWS" in said


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_ACCESS_KEY_ID"])
def test_credentials_of_the_shell_mean_aws(name: str, lock: IO[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not lock.closed
    monkeypatch.setenv(name, "work")
    stage, said = _opened()
    assert stage.endpoint_url is None
    assert f"{name} is set; asking AWS" in said


def test_an_endpoint_that_is_named_wins(lock: IO[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not lock.closed
    assert _opened(endpoint="http://127.0.0.1:1")[0].endpoint_url == "http://127.0.0.1:1"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    stage, said = _opened()
    assert (stage.endpoint_url, said) == ("http://127.0.0.1:2", "")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"stage":"dev"}', "\x00"])
def test_a_damaged_file_is_no_run(text: str, lock: IO[str], project: Path) -> None:
    assert not lock.closed
    (project / "run.json").write_text(text)
    assert address.find(project) is None


def test_the_file_is_its_owners_only_and_goes_with_the_run(project: Path) -> None:
    address.write(project, RUN)
    assert (project / "run.json").stat().st_mode & 0o777 == 0o600
    address.remove(project)
    address.remove(project)
    assert not list(project.glob("run.json*"))


def test_env_prints_exports_for_other_programs(lock: IO[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert not lock.closed
    assert env.run(argparse.Namespace(data=address.FOLDER)) == 0
    assert capsys.readouterr().out.splitlines()[0] == "export AWS_ENDPOINT_URL=http://127.0.0.1:4599"


def test_env_without_a_run_says_how_to_start_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert env.run(argparse.Namespace(data=project)) == 1
    assert "no local run is up" in capsys.readouterr().err
