"""A child process of the supervisor and the pipe to it; the other end is child.py."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from headgate.local.child import FAILED
from headgate.local.errors import LocalError

# glibc keeps an arena per thread and gives back little: a burst would stay in the resident memory for ever.
# Source: mallopt(3).
_MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "1048576"}
# A person's profile, endpoints or proxy would lead our clients away from the local endpoint.
_LOCAL = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "*"}


_LAST_WORD_BYTES = 1000


class Process:
    """Runs one module; says options and commands, hears one answer to each."""

    def __init__(self, name: str, module: str, log: IO[bytes] | None, lock: IO[str]) -> None:
        """`log` gets its stderr, None is the terminal; `lock` stays held until this process is gone too."""
        self._name = name
        self._log = Path(log.name) if log else None
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(os.environ),
            text=True,
            process_group=0,  # Ctrl-C is for the supervisor, which decides when a child ends
            pass_fds=[lock.fileno()],
        )
        assert self._process.stdin  # noqa: S101 - narrows a type
        assert self._process.stdout  # noqa: S101 - narrows a type
        self._commands, self.answers = self._process.stdin, self._process.stdout
        self.pid = self._process.pid

    def say(self, options: Mapping[str, Any]) -> None:
        """Give the options."""
        self._write(json.dumps(options))

    def ask(self, command: str) -> Mapping[str, Any]:
        """Give a command and wait for its answer. Raises LocalError when the child failed or is gone."""
        self._write(command)
        return self.hear()

    def hear(self) -> Mapping[str, Any]:
        """Wait for an answer. Raises LocalError when the child failed or is gone."""
        line = self.answers.readline()
        if not line:
            raise self._gone()
        message: dict[str, Any] = json.loads(line)
        if message["event"] == FAILED:
            raise LocalError(message["message"])
        return message

    def end(self) -> None:
        """Let it end by itself."""
        self._write("exit")
        self._process.wait()
        self._close()

    def kill(self) -> None:
        """End it now; what it acknowledged is on disk."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._close()

    def _write(self, line: str) -> None:
        try:
            self._commands.write(line + "\n")
            self._commands.flush()
        except BrokenPipeError:
            self.hear()  # what it said before it ended
            raise self._gone() from None

    def _gone(self) -> LocalError:
        if self._log is None:
            return LocalError(f"The {self._name} process ended; see the lines above.")
        return LocalError(f"The {self._name} process ended; see {self._log}. {self._last_word()}")

    def _last_word(self) -> str:
        """The end of its log, where a mistake in a person's hook or schema is named."""
        with self._log.open("rb") as log:  # type: ignore[union-attr]  # _gone looked
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_WORD_BYTES))
            lines = log.read().decode("utf-8", "replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")

    def _close(self) -> None:
        for pipe in (self._commands, self.answers):
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """The variables of a child: a person's own, but for those that AWS clients read."""
    kept = {
        name: value
        for name, value in own.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    return {**_MALLOC, **kept, **_LOCAL}
