"""Errors of an AWS client: their code, whether they pass, and the sentence for a person.

Every exception class here is botocore's own, so a renamed class there turns this red.
"""

from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from headgate.aws_errors import error_code, error_message, error_name, http_status, is_passing, sentence


def _refusal(code: str, status: int = 400, message: str = "why") -> boto.ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return boto.ClientError(answer, "GetObject")


def test_a_refusal_has_a_code_a_message_and_a_status() -> None:
    error = _refusal("AccessDenied", 403)
    assert (error_code(error), error_message(error), http_status(error)) == ("AccessDenied", "why", 403)
    assert error_name(error) == "AccessDenied"


@pytest.mark.parametrize("response", [{}, {"Error": None}, {"Error": "text"}, {"Error": {"Code": None}}])
def test_a_refusal_without_a_code_has_its_class_as_name(response: Any) -> None:
    error = boto.ClientError({}, "GetObject")
    error.response = response
    assert (error_code(error), error_message(error), http_status(error)) == ("", "", 0)
    assert error_name(error) == "ClientError"


@pytest.mark.parametrize(
    "error",
    [
        _refusal("SlowDown", 503),
        _refusal("ProvisionedThroughputExceededException"),
        _refusal("InternalFailure", 500),
        boto.ReadTimeoutError(endpoint_url="u"),
        boto.ConnectTimeoutError(endpoint_url="u"),
        boto.ConnectionClosedError(endpoint_url="u"),
        boto.ResponseStreamingError(error="e"),
        boto.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
    ids=error_name,
)
def test_what_waiting_may_mend_passes(error: Exception) -> None:
    assert is_passing(error)


@pytest.mark.parametrize(
    "error",
    [
        _refusal("AccessDenied", 403),
        boto.EndpointConnectionError(endpoint_url="u"),
        boto.ProxyConnectionError(proxy_url="u"),
        boto.SSLError(endpoint_url="u", error="e"),
        boto.NoCredentialsError(),
        boto.PartialCredentialsError(provider="p", cred_var="c"),
        boto.NoRegionError(),
        boto.ProfileNotFound(profile="p"),
        boto.SSOTokenLoadError(error_msg="e"),
        boto.UnauthorizedSSOTokenError(),
        boto.ParamValidationError(report="r"),
        ResponseParserError("<html>"),
    ],
    ids=error_name,
)
def test_what_a_person_has_to_mend_does_not_pass(error: Exception) -> None:
    assert not is_passing(error)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (_refusal("AccessDenied"), "AWS refuses GetObject: AccessDenied: why"),
        (_refusal("ExpiredToken"), "AWS refuses GetObject: the AWS credentials have expired: log in again"),
        (_refusal("ResourceNotFoundException"), "there is no such resource: why"),
        (_refusal("NoSuchBucket"), "there is no bucket : has the stage been deployed?"),
        (
            boto.ProfileNotFound(profile="work"),
            "there is no AWS profile 'work': `aws configure list-profiles`",
        ),
        (boto.EndpointConnectionError(endpoint_url="https://x"), "AWS cannot be reached: https://x does not"),
        (
            boto.NoRegionError(),
            "there is no AWS region: set AWS_DEFAULT_REGION, for example to us-east-1; or so",
        ),
        (
            boto.ReadTimeoutError(endpoint_url="https://x"),
            "AWS cannot be reached: Read timeout on endpoint URL",
        ),
    ],
)
def test_a_failure_is_one_sentence(error: Exception, said: str) -> None:
    assert sentence(error, "or so").startswith(said)
