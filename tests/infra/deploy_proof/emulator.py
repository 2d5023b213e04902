"""One ministack process on a free loopback port: an AWS that is not ours, to deploy to."""

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

from tests.infra.deploy_proof.errors import Failed

READY_S = 60.0
REGION = "us-east-1"
ACCOUNT = "000000000000"


class Ministack:
    """Starts on entering, ends on leaving; everything is in memory."""

    def __init__(self, python: Path, log: Path) -> None:
        self._python = python
        self._log = log
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        own = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "localhost",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        program = [str(self._python), str(Path(__file__).with_name("ministack_launcher.py"))]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(program, env=os.environ | own, stdout=log, stderr=log)
        end_s = time.monotonic() + READY_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end_s:
                raise Failed("ministack does not start")
            time.sleep(0.2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and with it its Lambda workers."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def environment(self) -> dict[str, str]:
        """Answer the variables that lead every AWS program here."""
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        return os.environ | keys | {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION}

    def client(self, service: str) -> Any:
        """Make a boto3 client."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def stage_url(self, api_id: str, stage: str) -> str:
        """Answer where an API's stage listens."""
        return f"http://127.0.0.1:{self.port}/restapis/{api_id}/{stage}/_user_request_"

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=1) as answer:  # noqa: S310  loopback
                return bool(answer.status == 200)
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
