"""An exception of an AWS client as an outcome: all passes but a refusal of the call's contents.

A missing permission or stream is mended by a person while the agent waits: it is retried for ever, and shown.
"""

from chalicelib.retry import Failure
from chalicelib.throttles import THROTTLED
from headgate.agent.sinks.answer import MISCONFIGURED, Refused
from headgate.aws_errors import error_code, error_message, http_status, is_passing
from headgate.contract.url import hide_secrets

_CONTENTS = frozenset({"InvalidArgumentException", "SerializationException", "ValidationException"})
_PASSING_HTTP = 500


def failure_of(error: Exception) -> Failure | Refused:
    """What an exception of a call means. Knows botocore's ClientError by its shape, without importing it."""
    code = error_code(error)
    if not code:
        return Failure("Unavailable", passing=True, cause=hide_secrets(f"{type(error).__name__}: {error}"))
    if code in _CONTENTS and http_status(error) < _PASSING_HTTP:
        return Refused(code, error_message(error))
    kind = "Throttled" if code in THROTTLED else "Unavailable" if is_passing(error) else MISCONFIGURED
    return Failure(kind, passing=True, cause=f"{code}: {error_message(error)}")
