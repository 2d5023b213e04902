"""`headgate local` as a process: started, read from, signalled, awaited.

Used by the tests of how the local run starts and ends.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.e2e.local_rig import PATIENCE_S, ROOT, Local


class Command:
    """`headgate local` as a person starts it: a process group of its own, output read here."""

    def __init__(self, data: Path, *flags: str, variables: Mapping[str, str] | None = None) -> None:
        self._started_s = time.monotonic()
        arguments = ["--data", str(data), "--port", "0", "--aws-port", "0", "--buffer-seconds", "1", *flags]
        self.data = data
        self._process = subprocess.Popen(
            [sys.executable, "-m", "headgate", "local", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **(variables or {})},
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.communicate()

    def up(self) -> Local:
        """Wait for the banner; AssertionError when the command ends before."""
        assert self._process.stdout
        while "Ctrl-C stops" not in self._said:
            line = self._process.stdout.readline()
            assert line, f"ended early: {self.ended()}"
            self._said += line
        url = _found(r"POST events to +(http://\S+)/v1", self._said)
        endpoint_url = _found(r"AWS APIs at\s+(\S+)", self._said)
        return Local(url, endpoint_url, self.data, children(self.pid))

    def age_s(self) -> float:
        """Seconds since the command was given."""
        return time.monotonic() - self._started_s

    def has_said(self, words: str) -> bool:
        """Read one more line of its output; whether the words have come."""
        assert self._process.stdout
        self._said += self._process.stdout.readline()
        return words in self._said

    def interrupt(self, *, group: bool = True) -> None:
        """Send what Ctrl-C sends: SIGINT to the whole foreground group; to the command alone otherwise."""
        (os.killpg if group else os.kill)(self.pid, signal.SIGINT)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()

    def ended(self) -> tuple[int, str, str]:
        """Wait for the end: exit code, what it said on stdout, and on stderr."""
        said, complained = self._process.communicate(timeout=2 * PATIENCE_S)
        return self._process.returncode, self._said + said, complained


def children(pid: int) -> dict[str, int]:
    """The two processes below a supervisor, by name. Source: proc(5)."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
        module = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[2].decode()
        found["AWS" if module.endswith("aws_process") else "functions"] = int(child)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]
