"""Reads the errors of an AWS client: the code, whether a failure can pass, and a sentence for a person.

The one place outside chalicelib that looks inside such an error. It knows boto's exceptions by their shape
and their names, so it needs the standard library only and is part of agent.pyz. Never prints, never retries.

Source: botocore's `ClientError.response` (Error.Code, Error.Message, ResponseMetadata.HTTPStatusCode) and the
class names of botocore.exceptions.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.throttles import THROTTLED
from headgate.contract.url import hide_secrets

_FIRST_SERVER_ERROR = 500
# A broken or slow connection may work the next time; what is wrong in the own set-up does not mend itself.
_CONNECTION = frozenset({"ConnectionError", "HTTPClientError", "IncompleteReadError"})
# A refused connection is final too: a person has to start the server, or correct the address.
_FINAL_CONNECTION = frozenset({"EndpointConnectionError", "ProxyConnectionError", "SSLError"})
_NO_CREDENTIALS = "there are no AWS credentials: run `aws configure` or set AWS_PROFILE"
_MISSING = {
    "NoCredentialsError": _NO_CREDENTIALS,
    "PartialCredentialsError": _NO_CREDENTIALS,
    "NoRegionError": "there is no AWS region: set AWS_DEFAULT_REGION, for example to us-east-1",
}
_NOT_AWS = (
    "what answers at the endpoint is not AWS: name the AWS address that the local run prints, such as "
    "http://127.0.0.1:4566, not the one that events are posted to"
)
_ADVICE = {
    "ExpiredToken": "the AWS credentials have expired: log in again",
    "ExpiredTokenException": "the AWS credentials have expired: log in again",
    "InvalidAccessKeyId": "AWS does not know this access key",
    "InvalidClientTokenId": "AWS does not know these credentials",
    "UnrecognizedClientException": "AWS does not know these credentials",
    "InvalidSignatureException": "the secret key does not fit the access key",
    "SignatureDoesNotMatch": "the secret key does not fit the access key",
}


def error_code(error: BaseException) -> str:
    """Return the service's name for a refusal, such as `NoSuchBucket`, or "" for an error that has none."""
    return str(_member(error, "Error").get("Code") or "")


def error_message(error: BaseException) -> str:
    """Return the service's own sentence, or "" for an error that has none."""
    return str(_member(error, "Error").get("Message") or "")


def http_status(error: BaseException) -> int:
    """Return the HTTP status of the answer, or 0 when there was no answer."""
    return int(_member(error, "ResponseMetadata").get("HTTPStatusCode") or 0)


def error_name(error: BaseException) -> str:
    """Return the service's code, or else the exception's class name.

    Never the exception's text, which may hold payload (I10).
    """
    return error_code(error) or type(error).__name__


def is_passing(error: BaseException) -> bool:
    """Return whether the same call may succeed later without anybody doing something about it."""
    if _is_refusal(error):
        return error_code(error) in THROTTLED or http_status(error) >= _FIRST_SERVER_ERROR
    return type(error).__name__ not in _FINAL_CONNECTION and _is_a(error, _CONNECTION)


def sentence(error: BaseException, hint: str = "") -> str:
    """Return what to tell a person; `hint` follows where the credentials or the region are missing.

    A password in the URL of an endpoint or a proxy is hidden.
    """
    return hide_secrets(_sentence(error, hint))


def _sentence(error: BaseException, hint: str) -> str:
    if _is_refusal(error):
        return _refusal(error)
    name = type(error).__name__
    if name == "ResponseParserError":
        return _NOT_AWS
    if name == "EndpointConnectionError":
        return _unreachable(str(_detail(error, "endpoint_url")))
    if name == "ProfileNotFound":
        return (
            f"there is no AWS profile {_detail(error, 'profile')!r}: `aws configure list-profiles` lists them"
        )
    if name in _MISSING:
        return f"{_MISSING[name]}; {hint}" if hint else _MISSING[name]
    return f"AWS cannot be reached: {error}"


def _refusal(error: BaseException) -> str:
    code, message = error_code(error), error_message(error)
    if code == "ResourceNotFoundException":
        return f"there is no such resource: {message}"
    if code == "NoSuchBucket":
        name = _member(error, "Error").get("BucketName", "")
        return f"there is no bucket {name}: has the stage been deployed?"
    if code.isdigit():  # AWS names its refusals; a number is the status of something else
        return f"{_NOT_AWS} ({code}: {message})"
    said = _ADVICE.get(code) or f"{code}: {message}"
    return f"AWS refuses {getattr(error, 'operation_name', 'the call')}: {said}"


def _unreachable(url: str) -> str:
    question = ": is the local run on that port?" if "//127.0.0.1" in url or "//localhost" in url else ""
    return f"AWS cannot be reached: {url} does not answer{question}"


def _is_refusal(error: BaseException) -> bool:
    return isinstance(getattr(error, "response", None), Mapping)


def _is_a(error: BaseException, names: frozenset[str]) -> bool:
    return any(each.__name__ in names for each in type(error).__mro__)


def _member(error: BaseException, name: str) -> Mapping[str, Any]:
    response = getattr(error, "response", None)
    found = response.get(name) if isinstance(response, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _detail(error: BaseException, name: str) -> Any:
    """Return one of the values that botocore puts into its own message."""
    details = getattr(error, "kwargs", None)
    return details.get(name, "") if isinstance(details, Mapping) else ""
