"""The AWS endpoint with moto in a process of its own, as the local run has it.

It can be killed; and moto keeps its state in modules in which s3.files replaces names, so a test process that
uses moto itself must not do the same.
"""

import os
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from headgate.local.endpoint import Endpoint

ROOT = Path(__file__).parent.parent


class EndpointProcess:
    """One running endpoint over the data folder `data`."""

    def __init__(self, data: Path) -> None:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}
        command = [sys.executable, "-m", "tests.aws_endpoint_process", str(data)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the endpoint did not start"

    def client(self, service: str) -> Any:
        """A boto3 client that tries once."""
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def memory_bytes(self) -> int:
        """Its resident memory; Linux only."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024


def main(data: Path) -> None:
    """Serve until killed."""
    moto_app = import_module("headgate.local.moto_app")  # here alone, for the reason above
    endpoint = Endpoint({}, moto_app.make_moto_app(data), 0)
    endpoint.start()
    sys.stdout.write(f"{endpoint.url}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
