"""A whole agent in this process: `--once` ends and says why something is left; a stop says what is unread."""

import logging
import shutil
import socket
from pathlib import Path

import pytest

from headgate.agent.compose import make_sink
from headgate.agent.run import Agent
from headgate.agent.state import State
from headgate.agent.tail.disk import RealDisk
from tests.agent_endpoint import Reply, endpoint
from tests.functional.test_agent_sinks import settings_of


def agent_of(folder: Path, url: str, *, patience_s: float = 60.0) -> Agent:
    settings = settings_of(
        url,
        filePattern=f"{folder}/*.log",
        httpEndpoint=f"{url}/v1",
        initialPosition="START_OF_FILE",
        maxBufferSizeRecords=10,
        maxBufferAgeMillis=1000,
        retryMaxBackoffMillis=50,
    )
    (folder / "state").mkdir(exist_ok=True)
    return Agent(settings, State(folder / "state"), RealDisk(), make_sink, patience_s=patience_s)


def once(folder: Path, url: str, *, patience_s: float) -> Agent:
    """An agent that ran to its end; its exit is clean only when nothing is left."""
    agent = agent_of(folder, url, patience_s=patience_s)
    clean = agent.run(once=True, reload=lambda: None)
    assert clean == (not agent.end.given_up)
    return agent


def test_a_refused_connection_ends_once_when_nothing_moved_for_so_long(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"a\n" * 100)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        agent = once(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}", patience_s=0.3)
    (reason,) = agent.end.given_up
    assert "nothing was delivered for 0.3 s: ConnectionRefused: nothing listens at 127.0.0.1:" in reason


def test_a08_throttling_that_lets_one_batch_through_now_and_then_does_not_end_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"a\n" * 300)
    with endpoint() as target:
        target.fault = lambda number, _k, _b: Reply(429) if number % 4 else None
        agent = once(tmp_path, target.url, patience_s=5)
        assert agent.end.given_up == []
        assert len(target.texts()) == 300


def test_once_sends_a_last_line_without_a_line_feed(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"first\nlast")
    (tmp_path / "b.log").write_bytes(b"alone")
    with endpoint() as target:
        agent = once(tmp_path, target.url, patience_s=10)
        texts = sorted(target.texts())
    assert texts == [b'{"message":"alone"}\n', b'{"message":"first"}\n', b'{"message":"last"}\n']
    assert sum(pipeline.bytes_behind for pipeline in agent.pipelines) == 0


def test_two_refusals_and_then_a_receipt_do_not_end_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"a\n")
    with endpoint() as target:
        target.fault = lambda number, _k, _b: Reply(403) if number < 2 else None
        assert once(tmp_path, target.url, patience_s=30).end.given_up == []
        assert len(target.texts()) == 1


def test_a12_a_state_that_cannot_be_written_ends_once_too(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"a\n")
    with endpoint() as target:
        (tmp_path / "state").mkdir()
        (tmp_path / "state" / "checkpoints.json.new").mkdir()  # in the place of the new file
        (reason,) = once(tmp_path, target.url, patience_s=0.3).end.given_up
        assert "the state cannot be written" in reason
        assert target.texts() == []


def test_a16_the_last_status_line_counts_a_file_that_came_meanwhile_and_may_be_a_copy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"a\n" * 10)
    with endpoint() as target:
        agent = agent_of(tmp_path, target.url)

        def copy_and_stop(_number: int, _key: str, _body: bytes) -> None:
            shutil.copyfile(log, tmp_path / "b.log")
            agent.stop()

        target.fault = copy_and_stop
        with caplog.at_level(logging.INFO, "headgate.agent.status"):
            assert agent.run(once=False, reload=lambda: None)
    assert "20 bytes behind in 1 of 2 files" in caplog.messages[-1]
