"""One call of an AWS API, tried again while a failure can pass, and one sentence when it cannot.

Decides which failures pass; how often and how long is retry.py's. Used for everything that the readers read;
what they write goes through chalicelib.aws.
"""

import random
import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError

from chalicelib.retry import Failure, Item, Outcome, Policy, Retry, Success, drive
from chalicelib.throttles import THROTTLED
from headgate.readers.errors import ReaderError

_T = TypeVar("_T")
AwsError: TypeAlias = ClientError | BotoCoreError | ResponseParserError

_FIRST_SERVER_ERROR = 500
# Nothing that waiting mends. A refused connection is one too: the local run is not there.
_FINAL = (
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ResponseParserError,
)
_LOCAL_RUN = "for the local run add --endpoint http://127.0.0.1:4566"
_NOT_AWS = (
    "what answers at the endpoint is not AWS: name the AWS address that the local run prints, such as "
    "http://127.0.0.1:4566, not the one that events are posted to"
)
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
    errors: list[AwsError] = []

    def send(_: tuple[int, ...]) -> list[Outcome]:
        try:
            results.append(work())
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            errors.append(error)
            return [Failure(type(error).__name__, passing=_passes(error))]
        return [Success()]

    drive(Retry([Item(0)], _POLICY, clock.jitter), send, clock.now, clock.sleep)
    if results:
        return results[0]
    raise ReaderError(sentence(errors[-1])) from errors[-1]


def sentence(error: AwsError) -> str:
    """What to tell a person about a failure."""
    if isinstance(error, ClientError):
        return _refusal(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"there are no AWS credentials: run `aws configure` or set AWS_PROFILE; {_LOCAL_RUN}"
    if isinstance(error, NoRegionError):
        return f"there is no AWS region: set AWS_DEFAULT_REGION, for example to us-east-1; {_LOCAL_RUN}"
    if isinstance(error, ResponseParserError):
        return _NOT_AWS
    if isinstance(error, EndpointConnectionError):
        return f"{error.kwargs.get('endpoint_url')} does not answer: is the local run on that port?"
    return f"AWS cannot be reached: {error}"


def _refusal(error: ClientError) -> str:
    said = error.response.get("Error", {})
    if said.get("Code") == "ResourceNotFoundException":
        return f"there is no such stream: {said.get('Message')}"
    if said.get("Code") == "NoSuchBucket":
        return f"there is no bucket {said.get('BucketName', '')}: has the stage been deployed?"
    if str(said.get("Code")).isdigit():  # AWS names its refusals; a number is the status of something else
        return f"{_NOT_AWS} ({said.get('Code')}: {said.get('Message')})"
    return f"AWS refuses {error.operation_name}: {said.get('Code')}: {said.get('Message')}"


def _passes(error: AwsError) -> bool:
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response.get("Error", {}).get("Code")
        return code in THROTTLED or int(status) >= _FIRST_SERVER_ERROR
    return not isinstance(error, _FINAL)
