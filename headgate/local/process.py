"""The two processes of a run and the pipe to each: one JSON line each way per step, by stdin and stdout.

`Process` is the supervisor's end, `run_child` the child's. A child ends when its supervisor is gone, however
that happened and whatever it is doing: nothing that was acknowledged depends on a clean end.
"""

import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
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


READY, FAILED, TOLD = "ready", "failed", "told"
_LAST_WORD_BYTES = 1000
_PIECE_BYTES = 65_536


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
            umask=0o077,  # what producers sent is for this person alone
            process_group=0,  # Ctrl-C is for the supervisor, which decides when a child ends
            pass_fds=[lock.fileno()],
        )
        assert self._process.stdin  # noqa: S101 - narrows a type
        assert self._process.stdout  # noqa: S101 - narrows a type
        self._commands, self.answers = self._process.stdin, self._process.stdout
        self._heard = b""
        self.pid = self._process.pid

    def say(self, options: Mapping[str, Any]) -> None:
        """Give the options."""
        self._write(json.dumps(options))

    def ask(self, command: str, within_s: float | None = None) -> Mapping[str, Any]:
        """Give a command and wait for its answer. Raises LocalError if the child failed, is gone or hangs."""
        self._write(command)
        return self.hear(within_s)

    def hear(self, within_s: float | None = None) -> Mapping[str, Any]:
        """Wait for an answer, at most so long. Raises LocalError as `ask` does."""
        end_s = None if within_s is None else time.monotonic() + within_s
        while (message := self._next(end_s))["event"] == TOLD:
            print(f"headgate local: {message['message']}", file=sys.stderr, flush=True)
        return message

    def listen(self) -> None:
        """Print what the child has told, if it did. Raises LocalError when it failed or is gone."""
        while self._is_ready(time.monotonic()):
            message = self._next(None)
            if message["event"] == TOLD:
                print(f"headgate local: {message['message']}", file=sys.stderr, flush=True)

    def _next(self, end_s: float | None) -> dict[str, Any]:
        while b"\n" not in self._heard:
            if not self._is_ready(end_s):
                raise LocalError(f"The {self._name} process does not answer.")
            piece = os.read(self.answers.fileno(), _PIECE_BYTES)
            if not piece:
                raise self._gone()
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        if message["event"] == FAILED:
            raise LocalError(message["message"])
        return message

    def _is_ready(self, end_s: float | None) -> bool:
        if b"\n" in self._heard:
            return True
        left_s = None if end_s is None else max(0.0, end_s - time.monotonic())
        return bool(select.select([self.answers], [], [], left_s)[0])

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
            self._commands.write(line.encode() + b"\n")
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


_WATCH_MS = 500
Command = Callable[[], Mapping[str, Any]]
Tell = Callable[[str], None]  # prints a sentence on the terminal of the person


def _never() -> str | None:
    return None


class Running(NamedTuple):
    """What a child has started."""

    ready: Mapping[str, Any]  # what to tell the supervisor
    commands: Mapping[str, Command]  # by name
    failure: Callable[[], str | None] = _never  # the sentence that ends the run, None as long as all is well


def run_child(start: Callable[[dict[str, Any], Tell], Running]) -> None:
    """Be a child: read the options, start, say what is ready, then carry out commands until `exit`.

    A LocalError is told as a sentence.
    """
    answers = _Answers()
    for number in (signal.SIGINT, signal.SIGTERM):  # the supervisor decides
        signal.signal(number, signal.SIG_IGN)
    try:
        running = start(json.loads(sys.stdin.readline()), lambda text: answers.tell(TOLD, {"message": text}))
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
        sys.stdout = sys.stderr = _Log()
        self._lock = threading.Lock()

    def tell(self, event: str, facts: Mapping[str, Any]) -> None:
        with self._lock:
            self._pipe.write(json.dumps({"event": event, **facts}) + "\n")
            self._pipe.flush()

    def fail(self, sentence: str) -> NoReturn:
        with suppress(BrokenPipeError):  # nobody is left to hear it
            self.tell(FAILED, {"message": sentence})
        _end(1)


class _Log(io.TextIOBase):
    """The process's log, on which nothing depends: what a full disk does not take is left out of it."""

    def write(self, text: str) -> int:
        """Write at once, or not."""
        with suppress(OSError):
            os.write(2, text.encode("utf-8", "backslashreplace"))
        return len(text)
