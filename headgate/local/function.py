"""A function as Lambda runs it: with a time-out, and ended by it or by an exit without ending anything else.

Decides what an invocation costs that never returns, or that ends the process it runs in. On AWS the process
of the function is killed and made anew. Here the invocation's thread is told to end; one that does not listen
(it waits in C code) is left behind. The event source then counts a function error, with its retries.

Source: Lambda developer guide, "Configure Lambda function timeout"; "Runtime exited" errors.
"""

import ctypes
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, NamedTuple

_GRACE_S = 1.0  # a handler that knows its time-out is about to return; after that its thread is ended


class FunctionEndedError(Exception):
    """The function's process would have ended: by its time-out, or by an exit."""


class _Outcome(NamedTuple):
    answer: object = None
    error: BaseException | None = None


class Function:
    """`handler` takes an event and a context; `tell` prints a sentence for the person, once each."""

    def __init__(
        self, handler: Callable[[Any, Any], object], root: Path, tell: Callable[[str], None]
    ) -> None:
        self._handler = handler
        self._roots = (f"{root}/", f"{root.resolve()}/")
        self._tell = tell
        self._told: set[str] = set()

    def invoke(self, event: Any, context: Any, timeout_s: float) -> object:
        """Return what the handler returns. Raises what it raises, and FunctionEndedError."""
        outcomes: SimpleQueue[_Outcome] = SimpleQueue()
        thread = threading.Thread(
            target=self._run, args=(event, context, outcomes), name="function", daemon=True
        )
        thread.start()
        try:
            outcome = outcomes.get(timeout=timeout_s + _GRACE_S)
        except Empty:
            place = self._place(traceback.extract_stack(_frame_of(thread)))
            _end(thread)
            raise self._ended(f"did not return within its time-out of {timeout_s:g} s{place}") from None
        if outcome.error is None:
            return outcome.answer
        if isinstance(outcome.error, Exception):
            raise outcome.error
        place = self._place(traceback.extract_tb(outcome.error.__traceback__))
        raise self._ended(f"ended itself by {type(outcome.error).__name__}{place}")

    def _run(self, event: Any, context: Any, outcomes: "SimpleQueue[_Outcome]") -> None:
        try:
            outcomes.put(_Outcome(self._handler(event, context)))
        except BaseException as error:  # noqa: BLE001 - an exit is an outcome, too
            outcomes.put(_Outcome(error=error))

    def _ended(self, what: str) -> FunctionEndedError:
        sentence = f"The transform {what}. Its records are tried again, as often as the stage's retries say."
        if sentence not in self._told:
            self._told.add(sentence)
            self._tell(sentence)
        return FunctionEndedError(what)

    def _place(self, stack: traceback.StackSummary) -> str:
        """Return where it was in the person's own code, innermost first; "" when it was not there."""
        own = [
            frame
            for frame in stack
            if frame.filename.startswith(self._roots) and "/.venv/" not in frame.filename
        ]
        return f", in {own[-1].filename}, line {own[-1].lineno}" if own else ""


def _frame_of(thread: threading.Thread) -> FrameType | None:
    return sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the documented way to another thread's frame


def _end(thread: threading.Thread) -> None:
    """Raise SystemExit in a thread at its next step in Python. Source: C API, PyThreadState_SetAsyncExc."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit)
    )
