"""The agent as a process: killed, stopped, reloaded, locked out, packed into one file.

`HEADGATE_AGENT_KILLS` sets how often the kill test kills (A01); 200 is a full run. `HEADGATE_AGENT_AWS_URL`
and `HEADGATE_AGENT_HTTP_URL` point the last tests at a running local run.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from headgate.agent.build import build
from tests.agent_endpoint import Reply, aws_settings, endpoint

KILLS = int(os.environ.get("HEADGATE_AGENT_KILLS", "4"))
DEADLINE_S = 40.0
SAMPLE = Path(__file__).parent.parent / "data" / "apache_access_1500.log"


def wait_until(true: Callable[[], bool], message: str) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline_s, message
        time.sleep(0.01)


def configure(folder: Path, *flows: dict[str, Any], **keys: Any) -> Path:
    path = folder / "agent.json"
    common = {"initialPosition": "START_OF_FILE", "maxBufferAgeMillis": 1000, "retryMaxBackoffMillis": 200}
    settings = {
        "stateDirectory": str(folder / "state"),
        "cloudwatch.emitMetrics": False,
        "flows": [common | flow for flow in flows],
        **keys,
    }
    path.write_text(json.dumps(settings))
    return path


def command(path: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "headgate.agent", "-c", str(path), *options]


def without_aws(**environment: str) -> dict[str, str]:
    """The environment without variables of AWS, which may name a region."""
    return {name: text for name, text in os.environ.items() if not name.startswith("AWS_")} | environment


@contextmanager
def running(path: Path, *options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    log = path.with_name("agent.log").open("a")
    env = without_aws(**environment)
    with (
        log,
        subprocess.Popen(command(path, *options), stderr=log, stdout=log, text=True, env=env) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def test_a01_killed_at_any_moment_every_line_arrives_and_copies_have_their_ids(tmp_path: Path) -> None:
    seed = random.randrange(10**6)  # noqa: S311 - a seeded sequence of moments, not a secret
    sys.stdout.write(f"seed {seed}\n")
    chance = random.Random(seed)  # noqa: S311 - a seeded sequence of moments, not a secret
    log = tmp_path / "app.log"
    written: list[bytes] = []
    with endpoint() as target:
        path = configure(
            tmp_path,
            {
                "filePattern": f"{tmp_path}/app.log*",
                "httpEndpoint": f"{target.url}/v1",
                "maxBufferSizeRecords": 7,
            },
        )
        for generation in range(KILLS):
            with running(path) as process:
                for part in range(3):
                    with log.open("ab") as file:
                        for _ in range(chance.randint(1, 60)):
                            written.append(b'{"n":%d}\n' % len(written))
                            file.write(written[-1])
                    if part == 1 and chance.random() < 0.5:
                        log.rename(tmp_path / f"app.log.{generation}")
                    time.sleep(chance.random() * 0.25)
                process.send_signal(signal.SIGKILL)
        subprocess.run(command(path, "--once"), check=True, capture_output=True, timeout=DEADLINE_S)
    ids: dict[bytes, set[str]] = {}
    for event_id, line in target.lines:
        ids.setdefault(line, set()).add(event_id)
    assert set(ids) == set(written)
    doubled = {line: found for line, found in ids.items() if len(found) > 1}
    assert not doubled
    assert len({next(iter(found)) for found in ids.values()}) == len(written)


def test_a14_a_stop_under_throttling_ends_in_time_and_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"".join(b'{"n":%d}\n' % n for n in range(100)))
    with endpoint(lambda _n, _k, _b: Reply(429, headers={"Retry-After": "30"})) as target:
        flow = {"filePattern": str(log), "httpEndpoint": f"{target.url}/v1"}
        path = configure(tmp_path, flow, shutdownTimeoutMillis=1000)
        with running(path) as process:
            wait_until(lambda: len(target.requests) > 0, "no request came")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=DEADLINE_S) == 0
        target.fault = lambda _n, _k, _b: None
        subprocess.run(command(path, "--once"), check=True, capture_output=True, timeout=DEADLINE_S)
    assert len(target.texts()) == 100


def test_a08_a_web_page_that_says_200_moves_no_checkpoint_and_every_line_arrives_later(
    tmp_path: Path,
) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"".join(b'{"n":%d}\n' % n for n in range(3)))
    with endpoint(lambda _n, _k, _b: Reply(200, b"<html>Welcome</html>")) as target:
        flow = {"filePattern": str(log), "httpEndpoint": f"{target.url}/v1"}
        path = configure(tmp_path, flow, shutdownTimeoutMillis=1000)
        with running(path) as process:
            wait_until(lambda: len(target.requests) > 2, "it is not tried again")
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=DEADLINE_S)
        said = (tmp_path / "agent.log").read_text()
        assert "200 with text/html and without receipts" in said
        assert "Welcome" not in said
        target.fault = lambda _n, _k, _b: None
        subprocess.run(command(path, "--once"), check=True, capture_output=True, timeout=DEADLINE_S)
    assert target.texts() == [b'{"n":%d}\n' % n for n in range(3)]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(401), "401"),
        (Reply(403, {"Code": "Forbidden"}), "403 Forbidden"),
        (Reply(404), "404"),
        (Reply(405), "405"),
        (Reply(200, {"Valid": 1}), "dry run"),
    ],
)
def test_once_ends_with_1_and_a_sentence_when_the_endpoint_refuses_for_good(
    tmp_path: Path, reply: Reply, said: str
) -> None:
    refused, fine = tmp_path / "refused.log", tmp_path / "fine.log"
    refused.write_bytes(b'{"n":1}\n' * 3000)
    fine.write_bytes(b'{"n":2}\n' * 3000)
    with endpoint(lambda _n, _k, body: reply if b'{"n":1}' in body else None) as target:
        url = f"{target.url}/v1"
        path = configure(
            tmp_path,
            {"filePattern": str(refused), "httpEndpoint": url},
            {"filePattern": str(fine), "httpEndpoint": url},
        )
        done = subprocess.run(
            command(path, "--once"), capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        assert done.returncode == 1
        assert said in done.stderr.splitlines()[-1]
        assert "the destination refuses every call" in done.stderr.splitlines()[-1]
        assert len(target.texts()) == 3000, "the other flow is delivered all the same"
        target.fault = lambda _n, _k, _b: None
        subprocess.run(command(path, "--once"), check=True, capture_output=True, timeout=DEADLINE_S)
    assert len(target.texts()) == 6000


def test_once_ends_with_1_when_the_stream_is_missing(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"a\n")
    missing = Reply(400, {"__type": "ResourceNotFoundException", "message": "Stream s not found"})
    with endpoint(lambda _n, _k, _b: missing) as target:
        flow = {"filePattern": str(log), "kinesisStream": "s"}
        path = configure(tmp_path, flow, **aws_settings(target.url))
        done = subprocess.run(
            command(path, "--once"), capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    assert done.returncode == 1
    assert "ResourceNotFoundException: Stream s not found" in done.stderr.splitlines()[-1]


def run_once(path: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(path, *options),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        env=without_aws(**environment),
    )


def test_once_says_in_its_last_line_that_what_was_there_before_the_first_start_is_not_sent(
    tmp_path: Path,
) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"a line\n" * 10)
    with endpoint() as target:
        flow = {"filePattern": str(log), "httpEndpoint": f"{target.url}/v1", "initialPosition": "END_OF_FILE"}
        path = configure(tmp_path, flow)
        checked = run_once(path, "--check")
        first = run_once(path, "--once")
        second = run_once(path, "--once")
        checked_again = run_once(path, "--check")
    assert "first start: 70 bytes that are there now will not be sent" in checked.stdout
    assert "70 bytes that were there before the first start are not sent" in first.stdout.splitlines()[-1]
    assert "not sent" not in second.stdout
    assert "first start" not in checked_again.stdout
    assert (checked.returncode, first.returncode, second.returncode) == (0, 0, 0)


def test_check_looks_at_the_state_directory_that_the_command_line_names(tmp_path: Path) -> None:
    path = configure(tmp_path, {"filePattern": f"{tmp_path}/x", "httpEndpoint": "http://127.0.0.1:1/v1"})
    fine = run_once(path, "--check", "--state-directory", f"{tmp_path}/another")
    assert (fine.returncode, fine.stdout.splitlines()[-1]) == (0, f"state directory: {tmp_path}/another")
    assert not (tmp_path / "another").exists()
    for directory in ("/proc/x", f"{path}/x"):
        done = run_once(path, "--check", "--state-directory", directory)
        assert done.returncode == 1
        assert f"error: the state directory {directory} cannot be used" in done.stdout


@pytest.mark.parametrize("place", ["nosuch/x", ""])
def test_a_log_file_that_cannot_be_written_is_a_sentence(tmp_path: Path, place: str) -> None:
    path = configure(tmp_path, {"filePattern": f"{tmp_path}/x", "httpEndpoint": "http://127.0.0.1:1/v1"})
    done = run_once(path, "-l", f"{tmp_path}/{place}")
    assert done.returncode == 1
    assert done.stderr.startswith("the log file ")
    assert "Traceback" not in done.stderr


def test_a_kinesis_flow_without_a_region_is_a_sentence(tmp_path: Path) -> None:
    path = configure(tmp_path, {"filePattern": f"{tmp_path}/x", "kinesisStream": "s"})
    done = run_once(path, "--once", AWS_CONFIG_FILE=f"{tmp_path}/none")
    assert done.returncode == 1
    assert done.stderr == "no region is known for kinesis: set kinesis.region or AWS_DEFAULT_REGION\n"


def test_a13_a_second_agent_on_one_state_directory_ends_with_a_clear_message(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b'{"n":1}\n')
    with endpoint() as target:
        path = configure(tmp_path, {"filePattern": str(log), "httpEndpoint": f"{target.url}/v1"})
        with running(path):
            wait_until(lambda: len(target.lines) == 1, "the first agent does not send")
            second = subprocess.run(
                command(path), capture_output=True, text=True, timeout=DEADLINE_S, check=False
            )
    assert second.returncode == 1
    assert "another agent" in second.stderr


def test_a_hangup_reloads_and_a_broken_configuration_changes_nothing(tmp_path: Path) -> None:
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    first.write_bytes(b'{"n":1}\n')
    second.write_bytes(b'{"n":2}\n')
    with endpoint() as target:
        url = f"{target.url}/v1"
        path = configure(tmp_path, {"filePattern": str(first), "httpEndpoint": url})
        with running(path, AWS_CONFIG_FILE=str(tmp_path / "none")) as process:
            wait_until(lambda: len(target.lines) == 1, "the first flow does not send")
            path.write_text("{")
            process.send_signal(signal.SIGHUP)
            log = tmp_path / "agent.log"
            wait_until(lambda: "stays in force" in log.read_text(), "the broken file was not refused")
            no_region = {"filePattern": str(second), "kinesisStream": "s"}
            configure(tmp_path, {"filePattern": str(first), "httpEndpoint": url}, no_region)
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: "no region is known" in log.read_text(), "the flow was not refused")
            configure(
                tmp_path,
                {"filePattern": str(first), "httpEndpoint": url},
                {"filePattern": str(second), "httpEndpoint": url},
            )
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: len(target.lines) == 2, "the new flow does not send")
            with first.open("ab") as file:
                file.write(b'{"n":3}\n')
            wait_until(lambda: len(target.lines) == 3, "the unchanged flow stopped")
    assert target.texts() == [b'{"n":1}\n', b'{"n":2}\n', b'{"n":3}\n']


def test_an_unchanged_agent_json_sends_every_access_log_line_to_kinesis_and_metrics_to_cloudwatch(
    tmp_path: Path,
) -> None:
    option = {"optionName": "LOGTOJSON", "logFormat": "COMBINEDAPACHELOG"}
    with endpoint() as target:
        flow = {"filePattern": str(SAMPLE), "kinesisStream": "s", "dataProcessingOptions": [option]}
        path = configure(tmp_path, flow, **aws_settings(target.url) | {"cloudwatch.emitMetrics": True})
        done = subprocess.run(
            command(path, "--once"), capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
    lines = SAMPLE.read_bytes().splitlines()
    rejected = (tmp_path / "state" / "rejects.ndjson").read_bytes() if done.returncode == 3 else b""
    assert len(target.texts()) + len(rejected.splitlines()) == len(lines), done.stderr
    assert {json.loads(text)["host"] for text in target.texts()} <= {
        line.split()[0].decode() for line in lines
    }
    names = {datum["MetricName"] for call in target.metrics for datum in call["MetricData"]}
    assert {"RecordSendAttempts", "RecordsSent", "RecordSendErrors", "BytesSent", "ServiceErrors"} <= names


def test_the_zipapp_runs_on_a_bare_python_for_an_http_destination(tmp_path: Path) -> None:
    program = tmp_path / "agent.pyz"
    build(program)
    log = tmp_path / "app.log"
    log.write_bytes(b"a line\n")
    with endpoint() as target:
        path = configure(tmp_path, {"filePattern": str(log), "httpEndpoint": f"{target.url}/v1"})
        # -S -I: no site-packages, nothing from the environment.
        bare = [sys.executable, "-S", "-I", str(program), "-c", str(path), "--once"]
        done = subprocess.run(
            bare, capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd=tmp_path
        )
    assert done.returncode == 0, done.stderr
    assert target.texts() == [b'{"message":"a line"}\n']


@pytest.mark.parametrize(
    ("options", "code"), [(["-h"], 0), (["--nonsense"], 1), (["-c", "/nowhere.json"], 1)]
)
def test_the_command_line_ends_with_the_original_s_exit_codes(options: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "headgate.agent", *options],
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == code
