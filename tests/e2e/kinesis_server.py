"""Our Kinesis alone behind the local endpoint, as a process of its own that prints its port and serves.

`python -m tests.e2e.kinesis_server FILE`; started by the tests that need concurrency or a `kill -9`.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headgate.local.endpoint import Endpoint
from headgate.local.kinesis import KinesisService, RecordStore
from tests.kinesis_rig import Unthrottled


@contextmanager
def running(path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the process over the file and give it with its port; kill it at the end."""
    command = [sys.executable, "-m", "tests.e2e.kinesis_server", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def _nothing_else(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [("Content-Length", "0")])
    return []


if __name__ == "__main__":
    service = KinesisService(RecordStore(Path(sys.argv[1])), time.time, throttle=Unthrottled())
    endpoint = Endpoint({"Kinesis_20131202": service}, _nothing_else, 0)
    endpoint.start()
    print(endpoint.port, flush=True)  # noqa: T201 - the parent reads it
    threading.Event().wait()
