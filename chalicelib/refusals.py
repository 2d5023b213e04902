"""What AWS's refusals mean: the code in an answer, and whether waiting mends it. Pure.

A test gives the same answers to botocore and compares. Called by clients.py and headgate.

Source: Smithy, AWS JSON 1.1 protocol; S3 API reference, error responses; botocore's parsers.
"""

from typing import Any

import orjson

from chalicelib.retry import Failure
from chalicelib.throttles import THROTTLED

# Waiting does not mend these; a person does. Each raises the alarm on Faults.
_MISCONFIGURED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "InvalidAccessKeyId",
        "InvalidArgumentException",
        "InvalidClientTokenId",
        "InvalidKMSResourceException",
        "InvalidSourceException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "KMSOptInRequired",
        "NoSuchBucket",
        "ResourceNotFoundException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "ValidationException",
    }
)


def failure_of(code: str) -> Failure:
    """An AWS error code as a failure: Throttled, Misconfigured, or Unavailable (unknown ones may pass).

    A time-out or a lost connection, whose code is the error's name, says nothing about what was written: sent
    again, it may become a copy with the same id.
    """
    if code in THROTTLED:
        return Failure("Throttled", passing=True, cause=code)
    if code in _MISCONFIGURED:
        return Failure("Misconfigured", passing=False, cause=code)
    return Failure("Unavailable", passing=True, cause=code)


def members_of(body: bytes) -> dict[str, Any]:
    """The members of a JSON answer; none when it is not an object, as a proxy's page is not."""
    try:
        found = orjson.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def code_of_json(status: int, body: bytes) -> str:
    """The code of a refusal by Kinesis or Firehose; its status when it names none."""
    named = members_of(body).get("__type")
    if not isinstance(named, str):
        return str(status)
    return named.partition(":")[0].rpartition("#")[2]


def code_of_xml(status: int, body: bytes) -> str:
    """The code of a refusal by S3; its status when it names none."""
    from xml.etree import ElementTree  # noqa: PLC0415 - few batches need it; AWS wrote it, over TLS

    try:
        root = ElementTree.fromstring(body)  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError):
        return str(status)
    code = next((node.text for node in root.iter() if node.tag.rpartition("}")[2] == "Code"), None)
    return code or str(status)
