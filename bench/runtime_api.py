"""Lambda's Runtime API on loopback: starts AWS's own runtime client on a handler and reads its CPU clock.

Source: AWS Lambda runtime API, /runtime/invocation/next and /runtime/invocation/<id>/response.
"""

import json
import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, NamedTuple, Self

from bench.clock import cpu_s

_ARN = "arn:aws:lambda:us-east-1:123456789012:function:bench"
_PATIENCE_S = 60.0


class Start(NamedTuple):
    """CPU seconds of one new execution environment."""

    init_s: float  # until it asks for work
    first_s: float  # the first invocation
    second_s: float


class RuntimeApi:
    """Serves one process at a time."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def start(
        self, python: Path, folder: Path, handler: str, event: Any, variables: Mapping[str, str]
    ) -> Start:
        """A new process in `folder`, two invocations with `event`, and its end. Raises AssertionError."""
        asked: Queue[None] = Queue()
        answered: Queue[bytes] = Queue()
        given: Queue[bytes] = Queue()
        _Handler.asked, _Handler.answered, _Handler.given = asked, answered, given
        process = subprocess.Popen(
            [python, "-m", "awslambdaric", handler],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            env={
                **variables,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_address[1]}",
                "AWS_LAMBDA_FUNCTION_NAME": "bench",
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                "LAMBDA_TASK_ROOT": str(folder),
                "_HANDLER": handler,
                "PYTHONDONTWRITEBYTECODE": "1",  # /var/task is read-only
            },
        )
        try:
            clocks_s = []
            for turn in range(3):
                asked.get(timeout=_PATIENCE_S)
                clocks_s.append(cpu_s(process.pid))
                if turn < 2:  # noqa: PLR2004 - the third question is left open
                    given.put(json.dumps(event).encode())
                    answer = json.loads(answered.get(timeout=_PATIENCE_S))
                    assert answer["statusCode"] == 200, answer  # noqa: PLR2004
        finally:
            process.kill()
            process.wait()
        init_s, first_s, second_s = clocks_s
        return Start(init_s, first_s - init_s, second_s - first_s)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: Queue[None]
    answered: Queue[bytes]
    given: Queue[bytes]

    def do_GET(self) -> None:
        """Give the next event, as soon as there is one."""
        given = self.given
        self.asked.put(None)
        event = given.get()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")
        self.send_header("Lambda-Runtime-Deadline-Ms", "1795230020000000")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", _ARN)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        """Take an answer, or what went wrong at init."""
        said = self.rfile.read(int(self.headers["Content-Length"]))
        self.answered.put(said)
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
