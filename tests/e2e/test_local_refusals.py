"""What cannot work ends with one sentence on stderr: exit code 2 before the run is up, 1 after it."""

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.local.errors import LocalError
from headgate.local.supervisor import LocalRun
from tests.e2e.local_process import Command
from tests.e2e.local_rig import Local, options


def refused(data: Path, *flags: str) -> str:
    """The one sentence with which a start is refused."""
    with Command(data, *flags) as command:
        code, _, complained = command.ended()
    assert code == 2, complained
    assert complained.startswith("headgate local: ")
    assert complained.count("\n") == 1, complained
    return complained


def a_file(path: Path) -> None:
    path.write_text("not a folder", "utf-8")


def a_folder_for_a_log(path: Path) -> None:
    (path / "functions.log").mkdir(parents=True)


@pytest.mark.parametrize(
    ("make", "flags", "words"),
    [
        (a_file, (), "The data folder"),
        (a_folder_for_a_log, (), "functions.log cannot be written: Is a directory."),
        (Path.mkdir, ("--stage", "pord"), "'pord'"),
    ],
    ids=["the data folder is a file", "the log is a folder", "an unknown stage"],
)
def test_a_start_without_what_it_needs_is_refused(
    tmp_path: Path, make: Callable[[Path], None], flags: tuple[str, ...], words: str
) -> None:
    make(tmp_path / "data")
    assert words in refused(tmp_path / "data", *flags)


@pytest.mark.parametrize("config", [None, "{", "[]", '{"stages": {"dev": {"headgate": {"shardz": 1}}}}'])
def test_a_broken_config_json_is_refused_before_anything_is_started(
    tmp_path: Path, config: str | None
) -> None:
    (tmp_path / ".chalice").mkdir()
    if config is not None:
        (tmp_path / ".chalice" / "config.json").write_text(config, "utf-8")
    asked = replace(options(tmp_path / "data"), root=str(tmp_path))
    with LocalRun(asked) as run, pytest.raises(LocalError, match=r"config\.json"):
        run.start()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("flag", ["--port", "--aws-port"])
def test_a_port_in_use_is_refused_by_its_number(tmp_path: Path, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert port in refused(tmp_path, flag, port)


@pytest.mark.parametrize("name", ["kinesis.sqlite", "poller.sqlite"])
def test_a_damaged_file_of_either_process_is_named(tmp_path: Path, name: str) -> None:
    """The stores' own tests have every file and every damage."""
    (tmp_path / name).write_bytes(b"damaged " * 1024)
    assert name in refused(tmp_path)


@pytest.mark.xdist_group("local")
def test_a_second_run_on_the_same_folder_is_refused_and_leaves_the_first_alone(local: Local) -> None:
    with LocalRun(options(local.data)) as second, pytest.raises(LocalError, match="Another local run uses"):
        second.start()
    with local.http() as http:
        assert http.post(b"{}").status == 200


def test_a_run_whose_transform_can_get_no_more_records_says_so_and_ends(tmp_path: Path) -> None:
    with Command(tmp_path) as command:
        local = command.up()
        with closing(sqlite3.connect(tmp_path / "poller.sqlite", isolation_level=None)) as other:
            other.execute("DROP TABLE checkpoints")
        with local.http() as http:
            assert http.post(b"{}").status == 200
        code, _, complained = command.ended()
    assert code == 1
    assert complained.startswith("headgate local: The transform gets no more records: ")
    assert complained.endswith("What was acknowledged is delivered after the next start.\n")
    assert complained.count("\n") == 1
