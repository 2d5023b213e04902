"""The agent's and the sender's client make the same of every answer, URL and header (A08, S06)."""

import argparse
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import pytest

from chalicelib.retry import Failure, Success
from headgate.agent.batching import Unit
from headgate.agent.compose import make_sink
from headgate.agent.config.load import Loaded, load
from headgate.agent.tail.disk import RealDisk
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import Inode
from headgate.send import command
from headgate.send.arguments import from_arguments
from headgate.send.errors import UsageError
from tests.contract_cases import ANSWERS, HEADERS, URLS, Case

TAKEN = ANSWERS[0]
LINES = [b'{"n":1}\n', b'{"n":2}\n']


class Server(ThreadingHTTPServer):
    """Answers with one case after the other."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cases: list[Case] = []  # the last one stays

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is gone is none of the test's business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        cases = self.server.cases
        case = cases.pop(0) if len(cases) > 1 else cases[0]
        head = [f"HTTP/1.1 {case.status} x", "Content-Type: application/json"]
        head += [f"{name}: {value}" for name, value in case.headers.items()]
        body = b"" if case.status == 204 else case.body
        head += [] if case.status == 204 else [f"Content-Length: {len(body)}"]
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        thread = Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def agent_config(flow: dict[str, Any]) -> Loaded:
    return load(
        json.dumps({"flows": [{"filePattern": "/nowhere/x", **flow}]}),
        {},
        cores=2,
        check_options=lambda _: None,
        read_secret=lambda _path: "",
    )


def arguments(*flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(flags)


class Client(Protocol):
    """Sends two events, after two others that are taken when `proven`; what became of the last two."""

    def __call__(self, url: str, folder: Path, /, *, proven: bool) -> str: ...


def by_agent(url: str, _folder: Path, /, *, proven: bool) -> str:
    loaded = agent_config({"httpEndpoint": url})
    assert loaded.settings is not None
    sink = make_sink(loaded.settings, loaded.settings.flows[0])
    file = TailedFile(RealDisk(), -1, "/nowhere/x", Inode(1, 2))
    file.key = "k"
    unit = Unit(file, 0, 16, LINES, [0, 8], 16, None)
    if proven:
        assert sink.send([unit]) == [Success([])]
    (outcome,) = sink.send([unit])
    sink.close()
    if isinstance(outcome, Failure):
        assert outcome.passing  # for ever: a person can mend it while the lines wait
        assert 0 <= outcome.retry_after_s <= 300
        return "kept"
    assert isinstance(outcome, Success)
    assert isinstance(outcome.receipt, list)
    return "refused" if len(outcome.receipt) == len(LINES) else "stored"


def by_send(url: str, folder: Path, /, *, proven: bool) -> str:
    path = folder / "a.ndjson"
    path.write_bytes(b"".join(LINES * (2 if proven else 1)))
    flags = ("--batch-events", "2", "--retry-for", "0")
    code = command.run(arguments("-f", str(path), "-u", url, *flags))
    return {0: "stored", 1: "kept", 3: "refused"}[code]


@pytest.mark.parametrize("client", [by_agent, by_send])
@pytest.mark.parametrize("proven", [False, True], ids=["at first", "later"])
@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
def test_a08_an_answer_has_one_meaning(
    client: Client, case: Case, server: Server, tmp_path: Path, *, proven: bool
) -> None:
    server.cases = [TAKEN, case] if proven else [case]
    verdict = client(f"http://127.0.0.1:{server.server_port}/v1", tmp_path, proven=proven)
    assert verdict == ((proven and case.later) or case.verdict)


def agent_takes(url: str, headers: dict[str, str]) -> tuple[bool, str]:
    loaded = agent_config({"httpEndpoint": url, "httpHeaders": headers})
    return not loaded.problems, "\n".join(loaded.problems)


def send_takes(url: str, headers: dict[str, str]) -> tuple[bool, str]:
    flags = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
    try:
        from_arguments(arguments("-f", "none", "-u", url, *flags))
    except UsageError as error:
        return False, str(error)
    return True, ""


@pytest.mark.parametrize("takes", [agent_takes, send_takes])
@pytest.mark.parametrize(("url", "fine"), URLS.items(), ids=ascii)
def test_a_url_is_taken_by_both_or_by_none_and_no_secret_in_it_is_repeated(
    takes: Callable[[str, dict[str, str]], tuple[bool, str]], url: str, *, fine: bool
) -> None:
    taken, said = takes(url, {})
    assert taken is fine, said
    assert "canary" not in said


@pytest.mark.parametrize("takes", [agent_takes, send_takes])
@pytest.mark.parametrize(("name", "value", "fine"), HEADERS, ids=ascii)
def test_a_header_is_taken_by_both_or_by_none_and_its_value_is_not_repeated(
    takes: Callable[[str, dict[str, str]], tuple[bool, str]], name: str, value: str, *, fine: bool
) -> None:
    taken, said = takes("http://x/v1", {name: value})
    assert taken is fine, said
    assert "canary" not in said
