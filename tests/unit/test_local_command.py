"""The command line of `headgate local`: what it takes, what it refuses, what its processes see of it."""

import argparse
import json

import pytest

from headgate.local.command import add_arguments, options_of
from headgate.local.options import Options
from headgate.local.process import _environment


def parsed(*flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="headgate local")
    add_arguments(parser)
    return parser.parse_args(flags)


def test_without_flags_the_well_known_ports_and_five_seconds_are_meant() -> None:
    options = options_of(parsed())
    assert (options.stage, options.port, options.aws_port) == ("dev", 8000, None)
    assert (options.buffer_s, options.shards) == (5, None)
    assert options.folder.is_absolute()
    assert options.folder.name == ".local"


@pytest.mark.parametrize(
    "flags",
    [
        ("--port", "http"),
        ("--aws-port", "1.5"),
        ("--buffer-seconds", "901"),
        ("--buffer-seconds", "-1"),
        ("--buffer-seconds", "soon"),
        ("--shards", "0"),
        ("--shards", "201"),
        ("--colour",),
        ("more",),
        ("--stage",),
        ("--data", ""),
    ],
)
def test_a_flag_that_makes_no_sense_is_exit_code_2_and_named(
    flags: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*flags)
    assert ended.value.code == 2
    assert flags[0] in capsys.readouterr().err


def test_options_come_out_of_the_pipe_as_they_went_in() -> None:
    options = Options("dev", "/project", "/project/.local", 0, None, 5, 3, "eu-west-1")
    sent = json.dumps({**options.as_dict(), "more": "than options"})
    assert Options.of(json.loads(sent)) == options


def test_a_process_does_not_see_what_would_lead_its_aws_clients_elsewhere() -> None:
    """K10"""
    own = {
        "PATH": "/bin",
        "HEADGATE_X": "kept",
        "AWS_PROFILE": "work",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
        "https_proxy": "http://proxy",
        "NO_PROXY": "example",
    }
    seen = _environment(own)
    assert {name for name in own if name in seen} == {"PATH", "HEADGATE_X", "NO_PROXY"}
    assert seen["NO_PROXY"] == "*"
    assert seen["AWS_CONFIG_FILE"] == seen["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
