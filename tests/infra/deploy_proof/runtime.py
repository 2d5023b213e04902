"""Lambda's Runtime API on loopback: gives one event to AWS's own runtime client and takes its answer.

The client (awslambdaric) runs in an environment that holds nothing but it and boto3, as on Lambda, with the
unzipped package as its only other source: a module that the zip lacks is missed here.

Source: Lambda developer guide, runtime API.
"""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from tests.infra.deploy_proof.errors import Failed

ANSWERS_S = 60.0
DEADLINE_MS = 4_102_444_800_000  # 2100-01-01: the event is never late


class RuntimeApi(ThreadingHTTPServer):
    """Hands out queued events; `answers` gets what the function returned, or its error."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: Queue[Any] = Queue()
        self.answers: Queue[tuple[str, Any]] = Queue()


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi

    def do_GET(self) -> None:
        """Wait for the next event."""
        body = json.dumps(self.server.events.get()).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(DEADLINE_MS))
        self.send_header(
            "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f"
        )
        # The client's native part crashes when these are missing.
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Take an answer (…/response) or an error (…/error)."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answers.put((self.path.rpartition("/")[2], json.loads(body)))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


def answered(
    python: Path, package: Path, handler: str, event: Any, environment: dict[str, str]
) -> tuple[str, Any]:
    """Run a handler of the unzipped package once; answers ("response" or "error", body)."""
    with _served() as api:
        address = f"127.0.0.1:{api.server_address[1]}"
        own = {
            "AWS_LAMBDA_RUNTIME_API": address,
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "LAMBDA_TASK_ROOT": str(package),
            "_HANDLER": handler,
            "PYTHONPATH": str(package),
        }
        program = [str(python), "-m", "awslambdaric", handler]
        api.events.put(event)
        process = subprocess.Popen(program, cwd=package, env=environment | own, stdout=subprocess.DEVNULL)
        try:
            return api.answers.get(timeout=ANSWERS_S)
        except Empty as error:
            raise Failed(f"{handler} gives no answer in {ANSWERS_S:.0f} s") from error
        finally:
            process.kill()
            process.wait()


@contextmanager
def _served() -> Iterator[RuntimeApi]:
    api = RuntimeApi()
    api.daemon_threads = True
    api.block_on_close = False
    thread = threading.Thread(target=api.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
        thread.join()


def plain_environment() -> dict[str, str]:
    """Answer this process's environment without what would lead Python elsewhere."""
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "AWS_", "VIRTUAL_ENV"))
    }
