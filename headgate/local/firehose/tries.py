"""One action repeated until it works, by the project's retry machine; and what a delivery needs of its host.

Decides how long to wait between tries: without end, as Firehose keeps records while S3 refuses them (F01).
Never sleeps: the caller waits. Used for S3 (delivery.py), the stream (feeds.py) and the disk (worker.py).
"""

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.retry import Failure, Item, Policy, Retry, Wait
from headgate.aws_errors import error_name
from headgate.records import KinesisClient


class S3Client(Protocol):
    """The two operations of boto3's S3 client that delivery needs."""

    def put_object(self, **request: Any) -> Mapping[str, Any]:
        """Store an object."""
        ...

    def list_objects_v2(self, **request: Any) -> Mapping[str, Any]:
        """List objects by prefix."""
        ...


@dataclass(frozen=True)
class Clients:
    """The AWS services that a Firehose reads from and writes to."""

    s3: S3Client
    kinesis: KinesisClient


@dataclass(frozen=True)
class Host:
    """Time and chance: `wall_s` stands in data and names, `monotonic_s` measures waits (A15)."""

    wall_s: Callable[[], float] = time.time
    monotonic_s: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    new_uuid: Callable[[], UUID] = uuid4


# What an AWS client raises.
AWS_ERRORS: tuple[type[Exception], ...] = (BotoCoreError, ClientError)
# The endpoint is on this machine: who mends a bucket sees the objects a few seconds later.
_POLICY = Policy(
    max_items=1,
    max_bytes=1,
    call_s=0.0,
    max_attempts=math.inf,
    base_s=0.2,
    cap_s=5.0,
    wait_budget_s=math.inf,
)


class Tries:
    """The tries of one kind of action; `failures` and `last_error` are figures for people."""

    def __init__(self, host: Host, passing: tuple[type[Exception], ...] = AWS_ERRORS) -> None:
        """`passing` are the exceptions after which trying again may help; others are raised."""
        self.failures = 0
        self.last_error = ""
        self.host = host
        self.passing = passing
        self.start_over()

    def start_over(self) -> None:
        """Try again at once, with short waits again."""
        self._machine = Retry([Item(1)], _POLICY, self.host.jitter)

    def attempt(self, action: Callable[[], None]) -> float | None:
        """Run the action unless a wait is due; return the seconds to wait, or None when it has worked."""
        step = self._machine.step(self.host.monotonic_s())
        if isinstance(step, Wait):
            return step.seconds
        try:
            action()
        except self.passing as error:
            self.failures += 1
            self.last_error = error_name(error)
            self._machine.report(self.host.monotonic_s(), [Failure(self.last_error, passing=True)])
            # Zero makes the caller ask again, and the machine then answers with its wait.
            return 0.0
        self.start_over()
        return None
