"""One call of an AWS API, tried again while a failure can pass, and one sentence when it cannot.

Decides which failures pass; how often and how long is retry.py's. Used for everything that the readers read;
what they write goes through chalicelib.aws.
"""

import random
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib.retry import Failure, Item, Outcome, Policy, Retry, Success, drive
from headgate.aws_errors import is_passing, sentence
from headgate.readers.errors import ReaderError

_T = TypeVar("_T")
LOCAL_RUN_HINT = "for the local run add --endpoint http://127.0.0.1:4566"
_POLICY = Policy(
    max_items=1,
    max_bytes=1,
    call_s=0.0,
    max_attempts=6,
    base_s=0.2,
    cap_s=4.0,
    wait_budget_s=15.0,
)


class Clock(NamedTuple):
    """Time and chance as a command needs them; tests bring their own."""

    wall: Callable[[], float] = time.time  # epoch seconds
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    jitter: Callable[[], float] = random.random


def call(work: Callable[[], _T], clock: Clock) -> _T:
    """What `work` returns. Raises ReaderError for a failure that stays."""
    results: list[_T] = []
    errors: list[Exception] = []

    def send(_: tuple[int, ...]) -> list[Outcome]:
        try:
            results.append(work())
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            errors.append(error)
            return [Failure(type(error).__name__, passing=is_passing(error))]
        return [Success()]

    drive(Retry([Item(0)], _POLICY, clock.jitter), send, clock.now, clock.sleep)
    if results:
        return results[0]
    raise ReaderError(sentence(errors[-1], LOCAL_RUN_HINT)) from errors[-1]
