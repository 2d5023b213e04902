"""How the supervisor and its two processes talk: one JSON line each way per step, over stdin and stdout.

A child ends when its supervisor is gone, however that happened and whatever it is doing: nothing that was
acknowledged depends on a clean end.
"""

import json
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn, TextIO

from headgate.local.errors import LocalError

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
