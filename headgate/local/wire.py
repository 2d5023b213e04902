"""AWS JSON 1.1, the protocol of Kinesis and Firehose: a request's bytes in, an answer's bytes out.

Decides how operations, errors and request ids look on the wire. Never listens on a socket and knows no
operation: the endpoint brings the request, a service answers it.

Source: Smithy, AWS JSON 1.1 protocol; error shapes as botocore 1.44 parses them.
"""

from typing import Any, NamedTuple, Protocol
from uuid import uuid4

import orjson


class AwsError(Exception):
    """An error answer of a service: `code` is the modelled name, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class Service(Protocol):
    """One AWS service; blobs are base64 text and timestamps epoch seconds, as on the wire."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer `operation` (`PutRecords`, …). Raises AwsError for every modelled refusal."""
        ...


class HttpResponse(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer(service: Service, operation: str, body: bytes) -> HttpResponse:
    """Run one operation and shape what it returns or refuses."""
    try:
        request = orjson.loads(body or b"{}")
        if not isinstance(request, dict):
            raise AwsError("SerializationException", "The request's body is not a JSON object.")
        return _shaped(200, orjson.dumps(service.call(operation, request)))
    except orjson.JSONDecodeError as error:
        return _refused(AwsError("SerializationException", f"The request's body is not JSON: {error}"))
    except AwsError as error:
        return _refused(error)


def _refused(error: AwsError) -> HttpResponse:
    return _shaped(error.status, orjson.dumps({"__type": error.code, "message": error.message}))


def _shaped(status: int, body: bytes) -> HttpResponse:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid4())}
    return HttpResponse(status, headers, body)
