"""A function's invocation ends by its answer, its exception, an exit or its time-out, and by nothing else."""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headgate.local.function import Function, FunctionEndedError

HERE = Path(__file__)


def made(handler: Callable[[Any, Any], object]) -> tuple[Function, list[str]]:
    told: list[str] = []
    return Function(handler, HERE.parent, told.append), told


def raising(error: BaseException) -> Callable[[Any, Any], object]:
    def handler(_event: Any, _context: Any) -> object:
        raise error

    return handler


def test_an_answer_and_an_exception_are_the_handler_s() -> None:
    function, told = made(lambda event, context: (event, context))
    assert function.invoke(1, 2, 10) == (1, 2)
    function, told = made(raising(ValueError("x")))
    with pytest.raises(ValueError, match="x"):
        function.invoke(1, 2, 10)
    assert told == []


@pytest.mark.parametrize(
    "error", [SystemExit(0), SystemExit("why"), KeyboardInterrupt(), GeneratorExit()], ids=repr
)
def test_an_exit_is_a_function_error_and_said_once_with_its_place(error: BaseException) -> None:
    function, told = made(raising(error))
    for _ in range(3):
        with pytest.raises(FunctionEndedError):
            function.invoke({}, None, 10)
    assert len(told) == 1
    assert f"by {type(error).__name__}, in {HERE}, line " in told[0]


def test_the_builtin_exit_is_named_by_the_line_that_calls_it() -> None:
    function, told = made(lambda _event, _context: sys.exit(3))
    with pytest.raises(FunctionEndedError):
        function.invoke({}, None, 10)
    assert f"in {HERE}, line " in told[0]


def test_a_handler_that_never_returns_is_ended_at_its_time_out() -> None:
    ended = threading.Event()

    def handler(_event: Any, _context: Any) -> None:
        try:
            while True:
                time.sleep(0.001)
        finally:
            ended.set()

    function, told = made(handler)
    begun_s = time.monotonic()
    with pytest.raises(FunctionEndedError):
        function.invoke({}, None, 0.01)
    assert time.monotonic() - begun_s < 5
    assert ended.wait(5)
    assert "did not return within its time-out of 0.01 s, in " in told[0]


def test_a_handler_that_waits_outside_of_python_is_left_behind() -> None:
    reader, writer = os.pipe()
    function, told = made(lambda _event, _context: os.read(reader, 1))
    with pytest.raises(FunctionEndedError):
        function.invoke({}, None, 0.01)
    assert f"in {HERE}, line " in told[0]
    os.write(writer, b"x")
    os.close(writer)
