"""An exception of an AWS client as an outcome: all passes but a refusal of the call's contents.

A missing permission or stream is mended by a person while the agent waits: it is retried for ever, and shown.
"""

from chalicelib.retry import Failure
from chalicelib.throttles import THROTTLED
from headgate.agent.sinks.answer import MISCONFIGURED, Refused

_CONTENTS = frozenset({"InvalidArgumentException", "SerializationException", "ValidationException"})
_PASSING_HTTP = 500


def failure_of(error: Exception) -> Failure | Refused:
    """What an exception of a call means. Knows botocore's ClientError by its shape, without importing it."""
    answer = getattr(error, "response", None)
    if not isinstance(answer, dict):
        return Failure("Unavailable", passing=True, cause=f"{type(error).__name__}: {error}")
    found = answer.get("Error", {})
    code = str(found.get("Code", "Unknown"))
    message = str(found.get("Message", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _CONTENTS and status < _PASSING_HTTP:
        return Refused(code, message)
    kind = "Throttled" if code in THROTTLED else "Unavailable" if status >= _PASSING_HTTP else MISCONFIGURED
    return Failure(kind, passing=True, cause=f"{code}: {message}")
