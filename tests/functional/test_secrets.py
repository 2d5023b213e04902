"""No credential of a URL, header, key or environment is in what agent, send, readers and infra say (I10)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

CANARY = "canary5f2c9e"
ROOT = Path(__file__).parents[2]
# Nothing listens at port 1, so that every command ends with its message for that.
NOWHERE = f"http://user:{CANARY}@127.0.0.1:1"
AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": CANARY,
    "AWS_SESSION_TOKEN": CANARY,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1",
}


class _Echo(BaseHTTPRequestHandler):
    """Refuses everything and repeats what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        status = 301 if "dry_run" in self.path else 404
        body = f"{self.path} {self.headers}".encode() + self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", f"http://user:{CANARY}@elsewhere/v1?token={CANARY}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1?token={CANARY}"
        server.shutdown()
        thread.join()


def said(folder: Path, *words: str, **environ: str) -> str:
    """Everything that a command prints and leaves in its folder; a wrong usage would prove nothing."""
    clean = {n: v for n, v in os.environ.items() if not n.startswith("AWS_") and "proxy" not in n.lower()}
    ended = subprocess.run(
        [sys.executable, "-m", "headgate", *words],
        cwd=folder, env={**clean, "PYTHONPATH": str(ROOT), **AWS, **environ},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    files = [
        path.read_text("utf-8", "replace")
        for path in (folder.rglob("*") if folder != ROOT else ())
        if path.is_file() and not path.name.startswith("given")
    ]
    assert "Traceback" not in ended.stderr
    assert ended.returncode != 0 or "--check" in words or "--dry-run" in words
    assert ended.stdout + ended.stderr
    assert "usage:" not in ended.stderr
    return "\n".join([ended.stdout, ended.stderr, *files])


@pytest.mark.parametrize("flags", [[], ["--check"], ["--dry-run"]], ids=str)
def test_send_says_no_secret(echo: str, flags: list[str], tmp_path: Path) -> None:
    (tmp_path / "given.csv").write_text("a\n1\n")
    secrets = ["--api-key", CANARY, "--header", f"Authorization: Bearer {CANARY}"]
    assert CANARY not in said(tmp_path, "send", "-f", "given.csv", "-u", echo, *secrets, *flags)


@pytest.mark.parametrize(
    "url",
    [f"http://u:{CANARY}@h/v1", f"http://u:{CANARY}@h:x/", f"http://u:{CANARY}@[::1/", f"u:{CANARY}@h/v1"],
)
def test_send_refuses_a_url_with_a_password_without_repeating_it(url: str, tmp_path: Path) -> None:
    (tmp_path / "given.csv").write_text("a\n1\n")
    assert CANARY not in said(tmp_path, "send", "-f", "given.csv", "-u", url)


@pytest.mark.parametrize("proxy", [NOWHERE, f"socks5://u:{CANARY}@h:1", f"http://u:{CANARY}@h:x"])
def test_a_proxy_is_told_of_without_its_password(proxy: str, tmp_path: Path) -> None:
    (tmp_path / "given.csv").write_text("a\n1\n")
    assert CANARY not in said(tmp_path, "send", "-f", "given.csv", "-u", "https://h/v1", ALL_PROXY=proxy)


def agent_json(folder: Path, **flow: object) -> str:
    config = {
        "stateDirectory": str(folder / "state"),
        "awsSecretAccessKey": CANARY,
        "awsAccessKeyId": "test",
        "log.level": "DEBUG",
        "flows": [{"filePattern": str(folder / "given*.log"), "initialPosition": "START_OF_FILE", **flow}],
    }
    (folder / "given.log").write_text('{"a": 1}\n')
    path = folder / "given.json"
    path.write_text(json.dumps(config))
    return str(path)


@pytest.mark.parametrize("end", [["--check"], ["--once"]], ids=str)
def test_the_agent_says_no_secret(echo: str, end: list[str], tmp_path: Path) -> None:
    config = agent_json(
        tmp_path, httpEndpoint=echo, httpApiKey=CANARY, httpHeaders={"Authorization": f"Basic {CANARY}"}
    )
    assert CANARY not in said(tmp_path, "agent", "-c", config, *end)


@pytest.mark.parametrize("url", [NOWHERE, f"http://u:{CANARY}@h:x/", f"http://u:{CANARY}@[::1/"])
def test_the_agent_refuses_a_url_with_a_password_without_repeating_it(url: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert CANARY not in said(tmp_path / "one", "agent", "-c", agent_json(tmp_path / "one", httpEndpoint=url))
    path = Path(agent_json(tmp_path / "two", kinesisStream="s"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"kinesis.endpoint": url}))
    assert CANARY not in said(tmp_path / "two", "agent", "-c", str(path), "--once")


COMMANDS = [
    ["read", "stream"],
    ["status", "--since", "1h"],
    ["query", "select * from raw", "--since", "1h"],
    ["quarantine", "ls", "--since", "1h"],
    ["replay", "--source", "raw", "--from", "1h", "--dry-run"],
    ["trace", "some-id"],
    ["infra", "keys", "list", "--stage", "dev"],
    ["infra", "diff", "--stage", "dev"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_a_command_of_aws_says_no_secret(words: list[str]) -> None:
    assert CANARY not in said(ROOT, *words, AWS_ENDPOINT_URL=NOWHERE)
