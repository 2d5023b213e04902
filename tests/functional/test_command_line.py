"""The commands as processes where a person's machine is not as it should be: one sentence, no stack trace."""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from headgate import __version__
from headgate.commands import COMMANDS, make_parser
from headgate.completion import SHELLS

ROOT = Path(__file__).parents[2]
# A Python that has the standard library only.
BARE = "import sys; sys.path.insert(0, '.'); from headgate.__main__ import main; sys.exit(main(sys.argv[1:]))"


def _run(*argv: str, behind: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The exit code and what was printed; `behind` follows the command in a shell."""
    names = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # The words come as "$@", so that none of them is read by the shell.
    command = ["sh", "-c", f'exec "$@" {behind}', "sh", sys.executable, *argv]
    return subprocess.run(
        command, cwd=ROOT, env=names | environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    "name", ["read", "query", "status", "trace", "quarantine", "replay", "demo", "local"]
)
def test_a_python_without_our_packages_says_which_one_has_them(name: str) -> None:
    ended = _run("-S", "-I", "-c", BARE, name)
    assert ended.returncode == 2
    assert "`make` installs them; then it is .venv/bin/headgate" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_is_printed_in_any_encoding() -> None:
    for name in ("send", "read", "infra", "agent"):
        ended = _run("-m", "headgate", name, "--help", PYTHONIOENCODING="ascii")
        assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("words", [["read", "raw"], ["query", "select 1"], ["quarantine", "ls"]])
def test_a_closed_output_is_said(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "raw-data").mkdir()
    ended = _run("-m", "headgate", *words, "--files", str(tmp_path), behind=">&-")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"headgate {' '.join(words if words[0] == 'quarantine' else words[:1])}: "
        "standard output: it is closed; use > /dev/null to see nothing\n"
    )


def test_send_says_that_its_output_is_closed() -> None:
    ended = _run("-m", "headgate", "send", "-f", "-", "-u", "http://127.0.0.1:1/v1", behind=">&-")
    assert ended.returncode == 2
    assert ended.stderr == "headgate send: standard output: it is closed; use > /dev/null to see nothing\n"


def test_a_closed_standard_error_takes_what_is_said(tmp_path: Path) -> None:
    ended = _run("-m", "headgate", "read", "raw", "--files", str(tmp_path / "none"), behind="2>&-")
    assert (ended.returncode, ended.stdout) == (2, "")


def test_an_unknown_profile_does_not_stop_a_command_that_has_an_endpoint() -> None:
    ended = _run("-m", "headgate", "read", "stream", "--endpoint", "http://127.0.0.1:9", AWS_PROFILE="none")
    assert ended.returncode == 2
    assert "http://127.0.0.1:9/ does not answer" in ended.stderr


def test_an_unknown_profile_is_said_with_its_name() -> None:
    ended = _run("-m", "headgate", "read", "stream", AWS_PROFILE="none", AWS_EC2_METADATA_DISABLED="true")
    assert ended.returncode == 2
    assert "there is no AWS profile 'none'" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999", "http://127.0.0.1:0", "http://", "http://[::1", "http://host:port", "x"]
)
def test_an_endpoint_that_is_no_address_is_said(url: str) -> None:
    ended = _run("-m", "headgate", "read", "stream", "--endpoint", url)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"headgate read: {url!r} is no address")


def test_the_local_run_is_named_where_aws_is_not_set_up(tmp_path: Path) -> None:
    for words in (["read", "stream"], ["status"], ["replay", "--from", "1h"]):
        ended = _run("-m", "headgate", *words, HOME=str(tmp_path))
        assert ended.returncode == 2
        assert "for the local run add --endpoint http://127.0.0.1:4566" in ended.stderr


def test_a_demo_that_cannot_have_its_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = _run("-m", "headgate", "demo", "--data", str(tmp_path / "file"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert (
        ended.stderr == f"headgate demo: {tmp_path / 'file'} cannot be the data's folder: Not a directory\n"
    )


def _in(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """The command, typed in another folder."""
    names = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "headgate", *argv],
        cwd=folder,
        env=names | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_version_is_the_projects() -> None:
    assert _run("-m", "headgate", "--version").stdout == f"headgate {__version__}\n"


def test_a_mistyped_command_is_told_the_right_one() -> None:
    ended = _run("-m", "headgate", "stauts")
    assert (ended.returncode, ended.stderr) == (
        2,
        "headgate: unknown command 'stauts'; did you mean 'status'?\n",
    )


def test_a_command_finds_its_project_from_any_folder_below() -> None:
    ended = _in(ROOT / "tests" / "data", "infra", "render", "--stage", "dev", "--dry-run")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ".chalice/resources-dev.json" in ended.stdout


@pytest.mark.parametrize("words", [["local"], ["status"], ["infra", "diff", "--stage", "dev"]])
def test_outside_of_a_project_a_command_says_where_to_go(words: list[str], tmp_path: Path) -> None:
    ended = _in(tmp_path, *words)
    assert ended.returncode == 2
    assert "run this in a Headgate project, the folder with app.py" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from _parsers(sub)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_an_example_that_parses(name: str) -> None:
    whole, _ = make_parser("0", {name})
    commands = next(action for action in whole._actions if isinstance(action, argparse._SubParsersAction))
    for parser in _parsers(commands.choices[name]):
        examples = [
            line.split(" | ")[0].removeprefix('  eval "$(').removesuffix(')"')
            for line in parser.format_help().splitlines()
            if line.startswith(("  headgate ", '  eval "$(headgate '))
        ]
        assert examples, parser.prog
        for example in examples:
            assert whole.parse_args(shlex.split(example)[1:]).command == name


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_code_that_knows_every_command(shell: str) -> None:
    ended = _run("-m", "headgate", "completion", shell)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert all(name in ended.stdout for name in COMMANDS)
    assert "buffer-seconds" in ended.stdout
    if path := which(shell):
        subprocess.run([path, "-n"], input=ended.stdout, text=True, check=True, timeout=60)
