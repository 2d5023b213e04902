"""Whose keys sign: the environment's, a container's that are renewed, a person's profile (K10)."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chalicelib import aws, credentials
from chalicelib.errors import Fatal
from chalicelib.ports import Entry
from chalicelib.retry import Failure, Success

NAMES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)


class Aws(ThreadingHTTPServer):
    """Kinesis, and the address that gives credentials in a container: a new key each time."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.lives_s = 3600.0  # of the keys that are given out
        self.given = 0
        self.authorized: list[str] = []  # the tokens with which credentials were asked for
        self.signed_by: list[tuple[str, str]] = []  # key and session token of each call


class Handler(BaseHTTPRequestHandler):
    server: Aws

    def do_GET(self) -> None:
        self.server.given += 1
        self.server.authorized.append(self.headers.get("Authorization", ""))
        expires = datetime.now(UTC) + timedelta(seconds=self.server.lives_s)
        self._say(
            {
                "AccessKeyId": f"CONTAINER{self.server.given}",
                "SecretAccessKey": "secret",
                "Token": "container-token",
                "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        self.server.signed_by.append((key, self.headers.get("X-Amz-Security-Token", "")))
        self._say({"FailedRecordCount": 0, "Records": [{"ShardId": "s", "SequenceNumber": "1"}]})

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    credentials._session.cache_clear()
    with Aws() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()
    credentials._session.cache_clear()


def put(stream: aws.KinesisStream) -> Any:
    (outcome,) = stream.put([Entry(b"x", "k")])
    return outcome


def test_the_keys_of_the_environment_sign_with_their_token(
    server: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in zip(NAMES[:3], ("ENV1", "secret", "token"), strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_PROFILE", "other")  # comes after the keys
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    stream = aws.kinesis_stream("s")
    assert isinstance(put(stream), Success)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENV2")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-2")
    assert isinstance(put(stream), Success)
    assert server.signed_by == [("ENV1", "token"), ("ENV2", "token-2")]


@pytest.mark.parametrize(
    ("lives_s", "keys"), [(3600, ["CONTAINER1"] * 3), (1, ["CONTAINER1", "CONTAINER2", "CONTAINER3"])]
)
def test_a_containers_keys_are_kept_while_they_live_and_renewed_in_the_middle(
    server: Aws, monkeypatch: pytest.MonkeyPatch, lives_s: float, keys: list[str]
) -> None:
    server.lives_s = lives_s
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/keys")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    stream = aws.kinesis_stream("s")
    assert all(isinstance(put(stream), Success) for _ in range(3))
    assert server.signed_by == [(key, "container-token") for key in keys]
    assert set(server.authorized) == {"let-me"}


def test_a_persons_profile_signs_in_its_own_region(
    server: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile mine]\nregion = ap-northeast-2\n", "utf-8")
    secret = "[mine]\naws_access_key_id = PROFILE1\naws_secret_access_key = secret\n"
    (tmp_path / "credentials").write_text(secret, "utf-8")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert isinstance(put(aws.kinesis_stream("s")), Success)
    assert server.signed_by == [("PROFILE1", "")]


def test_a_persons_process_that_gives_keys_is_asked_again_when_they_expire(
    server: Aws, tmp_path: Path
) -> None:
    """As SSO does, which awscrt alone does not know and botocore does."""
    script = tmp_path / "keys"
    expires = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    script.write_text(
        f"""#!/bin/sh
echo x >> {tmp_path}/asked
echo '{{"Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "s", "Expiration": "{expires}"}}'
""",
        "utf-8",
    )
    script.chmod(0o755)
    (tmp_path / "config").write_text(
        f"[default]\nregion = eu-west-1\ncredential_process = {script}\n", "utf-8"
    )
    stream = aws.kinesis_stream("s")
    assert all(isinstance(put(stream), Success) for _ in range(2))
    assert server.signed_by == [("PROCESS", "")] * 2
    assert len((tmp_path / "asked").read_text("utf-8").split()) >= 2


@pytest.mark.parametrize(
    ("environ", "cause"),
    [
        ({}, "NoCredentialsError"),
        ({"AWS_ACCESS_KEY_ID": "half"}, "AWS_AUTH_SIGNING_NO_CREDENTIALS"),
    ],
)
def test_k10_without_keys_a_call_is_a_failure_that_may_pass(
    server: Aws, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], cause: str
) -> None:
    for name, value in {"AWS_DEFAULT_REGION": "eu-west-1", **environ}.items():
        monkeypatch.setenv(name, value)
    assert put(aws.kinesis_stream("s")) == Failure("Unavailable", passing=True, cause=cause)
    assert server.signed_by == []


def test_without_a_region_nothing_starts(server: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    with pytest.raises(Fatal, match="AWS_DEFAULT_REGION"):
        aws.kinesis_stream("s")
    assert server.signed_by == []


def test_k10_an_address_that_gives_no_keys_is_a_failure_that_may_pass(
    server: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/keys")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    outcome = put(aws.kinesis_stream("s"))
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.passing) == ("Unavailable", True)
    assert server.signed_by == []
