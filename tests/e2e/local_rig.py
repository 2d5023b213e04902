"""A running local run for tests, and short ways to post to it and to read what lies in its S3 folder.

Never asserts what a response or a file should be: the tests do. Used by the tests named test_local_*.
"""

import gzip
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from typing import Any, Self

import boto3

from headgate.local.options import Options
from headgate.local.supervisor import LocalRun

ROOT = Path(__file__).parents[2]
STREAM = "headgate-dev"
BUCKET = "headgate-dev-123456789012-us-east-1"
REGION = "us-east-1"
PATIENCE_S = 30.0  # how long anything may take on a busy machine before it counts as a hang
_PAUSE_S = 0.02


def eventually(condition: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
    """Ask until the answer is true, and return it; AssertionError when the time is up."""
    end_s = time.monotonic() + within_s
    pause = threading.Event()
    while not (found := condition()):
        if time.monotonic() > end_s:
            raise AssertionError(f"did not come true within {within_s} s: {condition}")
        pause.wait(_PAUSE_S)
    return found


def options(data: Path, *, buffer_s: int = 1, shards: int | None = None, stage: str = "dev") -> Options:
    """A run on free ports."""
    return Options(stage, str(ROOT), str(data), 0, 0, buffer_s, shards, REGION)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


class Http:
    """One kept connection to the HTTP API."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request."""
        self._connection.request(method, path, body, dict(headers or {}))
        response = self._connection.getresponse()
        return Answer(response.status, response.msg, response.read())

    def post(self, body: bytes, **headers: str) -> Answer:
        """POST /v1; `Content_Type` stands for Content-Type."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", "/v1", body, {"Content-Type": "application/json", **named})


@dataclass(frozen=True)
class Local:
    """A run that is up."""

    url: str
    endpoint_url: str
    data: Path
    pids: Mapping[str, int]

    def http(self) -> Http:
        """Open a connection to the HTTP API."""
        return Http(self.url)

    def client(self, service: str) -> Any:
        """Make a boto3 client as a user would, with the printed endpoint."""
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return boto3.client(service, endpoint_url=self.endpoint_url, region_name=REGION, **keys)

    def lines(self, prefix: str) -> list[bytes]:
        """Every line under a prefix, with its line feed; see `lines_in`."""
        return lines_in(self.data, prefix)

    def memory_bytes(self, field: str = "Rss") -> dict[str, int]:
        """Rss or Pss of each child."""
        return {name: memory_bytes(pid, field) for name, pid in self.pids.items()}


@contextmanager
def running(data: Path, **more: Any) -> Iterator[tuple[LocalRun, Local]]:
    """A run in this process's hands; killed at the end if the test did not stop it."""
    wanted = options(data, **more)
    with LocalRun(wanted) as run:
        addresses = run.start()
        yield run, Local(addresses.url, addresses.endpoint_url, data, run.pids)


def files_in(data: Path, prefix: str) -> list[Path]:
    """The objects under a prefix of the stage's bucket, oldest name first."""
    return sorted(path for path in (data / "s3" / BUCKET / prefix).rglob("*") if path.is_file())


def lines_in(data: Path, prefix: str) -> list[bytes]:
    """Every line of every object under a prefix, each with its line feed, gunzipped."""
    texts = [path.read_bytes() for path in files_in(data, prefix)]
    plain = [gzip.decompress(text) if text.startswith(b"\x1f\x8b") else text for text in texts]
    return [line + b"\n" for text in plain for line in text.removesuffix(b"\n").split(b"\n")]


def ledger(data: Path) -> dict[str, int]:
    """What the functions counted, summed over functions.log."""
    totals: dict[str, int] = {}
    for line in (data / "functions.log").read_bytes().splitlines():
        if line.startswith(b'{"_aws"'):
            for name, value in json.loads(line).items():
                if isinstance(value, int):
                    totals[name] = totals.get(name, 0) + value
    return totals


def memory_bytes(pid: int, field: str) -> int:
    """A process's Rss or Pss. Source: proc(5), smaps_rollup."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    found = re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)
    assert found
    return int(found[1]) * 1024
