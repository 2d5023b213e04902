"""Calls of AWS: what is tried again, and the sentence when it is over."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError
from botocore.parsers import ResponseParserError

from headgate.readers.calls import Clock, call
from headgate.readers.errors import ReaderError
from tests.fakes import FakeClock


def _clock() -> Clock:
    fake = FakeClock()
    return Clock(fake.now, fake.now, fake.sleep, lambda: 0.5)


def _refusal(code: str, status: int) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetObject")


def _failing(*errors: Exception) -> tuple[Callable[[], str], list[int]]:
    left, calls = list(errors), [0]

    def work() -> str:
        calls[0] += 1
        if left:
            raise left.pop(0)
        return "done"

    return work, calls


def test_throttling_and_server_errors_pass() -> None:
    work, calls = _failing(
        _refusal("SlowDown", 503), _refusal("InternalError", 500), _refusal("Throttling", 400)
    )
    assert call(work, _clock()) == "done"
    assert calls == [4]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (_refusal("AccessDenied", 403), "AWS refuses GetObject: AccessDenied: why"),
        (_refusal("ResourceNotFoundException", 400), "there is no such resource: why"),
        (_refusal("NoSuchBucket", 404), "there is no bucket"),
        (NoCredentialsError(), "there are no AWS credentials: .* --endpoint http://127.0.0.1:4566"),
        (NoRegionError(), "set AWS_DEFAULT_REGION.* --endpoint http://127.0.0.1:4566"),
        (ResponseParserError("<html>"), "is not AWS: name the AWS address that the local run prints"),
        (_refusal("404", 404), "is not AWS: .*404: why"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "is the local run on that port"),
    ],
)
def test_what_waiting_does_not_mend_is_said_at_once(error: Exception, sentence: str) -> None:
    work, calls = _failing(error)
    with pytest.raises(ReaderError, match=sentence):
        call(work, _clock())
    assert calls == [1]


def test_trying_ends() -> None:
    work, calls = _failing(*[_refusal("InternalError", 500)] * 99)
    with pytest.raises(ReaderError):
        call(work, _clock())
    assert 2 <= calls[0] <= 10
