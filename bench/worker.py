"""A contestant in a process of its own, and the process itself.

`python -m bench.worker MODULE URL` imports `bench.cases.MODULE`, then answers each line `{"task", "calls"}`
with the CPU seconds that the process used per call. What the contestant prints goes to a file, as to a log.
"""

import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Self

from bench.environment import ROOT, variables

Tasks = dict[str, Callable[[], object]]


class Worker:
    """The driver's side."""

    def __init__(self, case: str, url: str, python: Path, extra: Mapping[str, str] | None = None) -> None:
        """`extra` are environment variables."""
        self._process = subprocess.Popen(
            [python, "-m", "bench.worker", case, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**variables(url), **(extra or {})},
        )
        self.tasks: list[str] = self._hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def cpu_s(self, task: str, calls: int) -> float:
        """CPU seconds per call of a task."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"task": task, "calls": calls}) + "\n")
        self._process.stdin.flush()
        return float(self._hear())

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the contestant {self._process.args!r} has ended")
        return json.loads(line)


def _serve(case: str, url: str, commands: IO[str], answers: IO[str]) -> None:
    tasks: Tasks = importlib.import_module(f"bench.cases.{case}").prepare(url)
    print(json.dumps(list(tasks)), file=answers, flush=True)
    for line in commands:
        command = json.loads(line)
        call = tasks[command["task"]]
        gc.collect()  # the last task's garbage is not this one's
        for _ in range(command["calls"] // 5):  # another process has used the caches since
            call()
        started_s = time.process_time()
        for _ in range(command["calls"]):
            call()
        print((time.process_time() - started_s) / command["calls"], file=answers, flush=True)


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "w") as own_stdout, tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 1)
        _serve(sys.argv[1], sys.argv[2], sys.stdin, own_stdout)
