"""The two processes of a run and the pipe to each: one JSON line each way per step, by stdin and stdout.

`Process` is the supervisor's end, `run_child` the child's. A child ends when its supervisor is gone, however
that happened and whatever it is doing: nothing that was acknowledged depends on a clean end.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn, TextIO

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
            umask=0o077,  # what producers sent is for this person alone
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


READY, FAILED = "ready", "failed"
_WATCH_MS = 500
Command = Callable[[], Mapping[str, Any]]


def _never() -> str | None:
    return None


class Running(NamedTuple):
    """What a child has started."""

    ready: Mapping[str, Any]  # what to tell the supervisor
    commands: Mapping[str, Command]  # by name
    failure: Callable[[], str | None] = _never  # the sentence that ends the run, None as long as all is well


def run_child(start: Callable[[dict[str, Any]], Running]) -> None:
    """Be a child: read the options, start, say what is ready, then carry out commands until `exit`.

    A LocalError is told as a sentence.
    """
    answers = _Answers()
    for number in (signal.SIGINT, signal.SIGTERM):  # the supervisor decides
        signal.signal(number, signal.SIG_IGN)
    try:
        running = start(json.loads(sys.stdin.readline()))
        threading.Thread(target=_watch, args=(answers, running.failure), daemon=True).start()
        answers.tell(READY, running.ready)
        for line in sys.stdin:
            name = line.strip()
            if name == "exit":
                break
            answers.tell(name, running.commands[name]())
    except LocalError as error:
        answers.fail(str(error))
    except BrokenPipeError:  # the supervisor is gone
        _end(1)
    _end(0)


def _watch(answers: "_Answers", failure: Callable[[], str | None]) -> NoReturn:
    """End this process when the supervisor is gone or something it runs has failed."""
    pipe = select.poll()
    pipe.register(sys.stdin.fileno(), 0)  # POLLHUP needs no asking for
    while not pipe.poll(_WATCH_MS):
        if sentence := failure():
            answers.fail(sentence)
    _end(0)


def _end(code: int) -> NoReturn:
    """Threads that still wait for a connection must not hold up the end; all state is on disk."""
    sys.stderr.flush()
    os._exit(code)


class _Answers:
    """The pipe to the supervisor; what the code prints goes to stderr from now on."""

    def __init__(self) -> None:
        self._pipe: TextIO = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def tell(self, event: str, facts: Mapping[str, Any]) -> None:
        with self._lock:
            self._pipe.write(json.dumps({"event": event, **facts}) + "\n")
            self._pipe.flush()

    def fail(self, sentence: str) -> NoReturn:
        with suppress(BrokenPipeError):  # nobody is left to hear it
            self.tell(FAILED, {"message": sentence})
        _end(1)
