"""A local run as a person starts it, `headgate local`, for those who measure it. Linux only."""

import gzip
import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from bench.clock import cpu_s
from bench.environment import APP

_FLAGS = ("--port", "0", "--aws-port", "0", "--buffer-seconds", "1")
_PATIENCE_S = 120.0
_PAUSE_S = 0.02
_MIB = 1024 * 1024
_BUSY = frozenset({429, 503})  # what a shard's limit looks like


class Http:
    """One kept connection."""

    def __init__(self, host: str) -> None:
        self._connection = http.client.HTTPConnection(host, timeout=_PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def accept(self, body: bytes) -> None:
        """Post events until they are taken."""
        while (status := self._post(body)) in _BUSY:
            pass
        assert status == 200, status  # noqa: PLR2004

    def _post(self, body: bytes) -> int:
        self._connection.request("POST", "/v1", body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        response.read()
        return response.status


class Local:
    """A running one with 1 s buffers; `with` ends it at once."""

    def __init__(self, data: Path, shards: int) -> None:
        self._started_s = time.monotonic()
        self._data = data
        self._counted: dict[Path, int] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "headgate", "local", "--data", data, "--shards", str(shards), *_FLAGS],
            stdout=subprocess.PIPE,
            text=True,
            cwd=APP,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        said = ""
        while not (found := re.search(r"http://(\S+)/v1", said)):
            line = self._process.stdout.readline()
            if not line:
                raise SystemExit("the local run has ended")
            said += line
        self.host = found[1]
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text("ascii")
        self._pids = [self._process.pid, *map(int, children.split())]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def age_s(self) -> float:
        """Seconds since the command was given."""
        return time.monotonic() - self._started_s

    def cpu_s(self) -> float:
        """CPU seconds of all its processes."""
        return sum(cpu_s(pid) for pid in self._pids)

    def memory_mib(self) -> float:
        """What its processes take together, shared pages counted once. Source: proc(5), smaps_rollup."""
        texts = (Path(f"/proc/{pid}/smaps_rollup").read_text("ascii") for pid in self._pids)
        return sum(int(text.partition("\nPss:")[2].split()[0]) * 1024 for text in texts) / _MIB

    def lines(self, prefix: str) -> int:
        """Lines of the objects under a prefix. Objects never change, so each is read once."""
        for path in self._data.glob(f"s3/*/{prefix}/**/*.gz"):
            if path not in self._counted:
                self._counted[path] = gzip.decompress(path.read_bytes()).count(b"\n")
        return sum(lines for path, lines in self._counted.items() if prefix in path.parts)


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask until it is true."""
    end_s = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > end_s:
            raise SystemExit("the local run did not deliver in time")
        time.sleep(_PAUSE_S)
