"""S3 that refuses: a WSGI application in front of moto's.

Decides for requests about objects alone; making the bucket always works. Refuses before anything is done,
with the two answers that clients must tell apart: come back later, and you may not.
"""

from collections.abc import Iterable
from typing import Any

from headgate.local.endpoint.wsgi import WSGIApplication
from headgate.local.faults.chance import Faults

_REFUSALS = (("503 Slow Down", "SlowDown"), ("403 Forbidden", "AccessDenied"))


class FaultyS3:
    """The application behind it, unless S3 is down."""

    def __init__(self, application: WSGIApplication, faults: Faults) -> None:
        self._application = application
        self._faults = faults

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if not (_is_object(environ) and self._faults.lasts("s3_down")):
            return self._application(environ, start_response)
        status, code = _REFUSALS[int(self._faults.share("s3_down") * len(_REFUSALS))]
        body = (
            f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>Injected.</Message></Error>'.encode()
        )
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]


def _is_object(environ: dict[str, Any]) -> bool:
    """Whether a request writes an object or lists some. Source: S3 API reference, path-style requests."""
    if "/s3/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
        return False
    _, _, key = environ.get("PATH_INFO", "").strip("/").partition("/")
    method = environ["REQUEST_METHOD"]
    return (method == "PUT" and bool(key)) or (
        method == "GET" and "list-type=2" in environ.get("QUERY_STRING", "")
    )
