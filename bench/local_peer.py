"""What one has without Headgate: `chalice local` with the tutorial's app, and moto's server as Kinesis.

Used by bench.local_run. Two processes, no S3 delivery, nothing durable.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import socket
from typing import Self

import boto3

from bench.environment import variables

_STREAM = "headgate-prod"
_PATIENCE_S = 60.0
_PAUSE_S = 0.02


class Peer:
    """One start of both, in a folder of its own."""

    def __init__(self, folder: Path, source: Path) -> None:
        """`source` is the module with the app; it reads AWS_ENDPOINT_URL."""
        self._started_s = time.monotonic()
        (folder / ".chalice").mkdir()
        (folder / ".chalice" / "config.json").write_text(
            '{"version": "2.0", "app_name": "tutorial"}', "utf-8"
        )
        (folder / "app.py").write_text(f"from bench.cases.{source.stem} import app\n", "utf-8")
        self.port, self._aws_port = _free_port(), _free_port()
        self._environment = {
            **variables(f"http://127.0.0.1:{self._aws_port}"),
            "PYTHONPATH": str(source.parents[2]),
        }
        tools = Path(sys.executable).parent
        self._processes = [
            _start([tools / "moto_server", "-p", str(self._aws_port)], folder, self._environment),
            _start([tools / "chalice", "local", "--port", str(self.port)], folder, self._environment),
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def up_s(self) -> float:
        """Seconds until both answer and the stream is there."""
        _wait(self._aws_port)
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        url = self._environment["AWS_ENDPOINT_URL"]
        kinesis = boto3.client("kinesis", endpoint_url=url, region_name="us-east-1", **keys)
        kinesis.create_stream(StreamName=_STREAM, ShardCount=16)
        kinesis.close()
        _wait(self.port)
        return time.monotonic() - self._started_s


def _start(command: list[object], folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=nowhere,
        stderr=nowhere,
    )


def _free_port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int) -> None:
    end_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end_s:
        connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(_PAUSE_S)
        else:
            return
        finally:
            connection.close()
    raise SystemExit(f"nothing answers at port {port}")
