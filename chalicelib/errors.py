"""What can go wrong, by what the caller can do about it, and the stable codes a client may rely on.

Three exceptions for a whole request (Rejected, Transient, Fatal) and one value for one event (EventError):
a bad event is data to be reported, not a reason to stop looking at the others.
"""

from dataclasses import dataclass

# code: (HTTP status, what it means). docs/contract.md is made from this table.
CODES: dict[str, tuple[int, str]] = {
    "InvalidEvent": (400, "At least one event is bad; `Errors` lists all of them; nothing was written."),
    "EmptyBody": (400, "There is no event in the body."),
    "InvalidEncoding": (400, "The body is not what its `Content-Encoding` says, or its length is unknown."),
    "InvalidIdempotencyKey": (400, "`Idempotency-Key` is not 1 to 200 printable ASCII characters."),
    "InvalidParameter": (400, "A query parameter has a value that it cannot have."),
    "BadRequest": (400, "The request is not well-formed HTTP."),
    "Forbidden": (403, "The stage wants an API key or a signature, and none or a wrong one was sent."),
    "NotFound": (404, "There is nothing at this path."),
    "MethodNotAllowed": (405, "The path exists, the method does not; see the `Allow` header."),
    "TooLarge": (413, "The body or the number of events is over the limit that is named."),
    "UnsupportedMediaType": (415, "The `Content-Type` or `Content-Encoding` is not one that is accepted."),
    "Throttled": (429, "Too much at once; nothing was written. Send again after `Retry-After` seconds."),
    "InternalError": (500, "A fault of this service; it was logged under the request's id."),
    "Unavailable": (503, "Not, or not wholly, written. Send again with the same `Idempotency-Key`."),
}

# Codes of one bad event, inside `Errors` and in quarantine.
EVENT_CODES: dict[str, str] = {
    "MalformedJson": "The text is not JSON (RFC 8259).",
    "InvalidUtf8": "The bytes are not UTF-8.",
    "NotAnObject": "An event is a JSON object; this is another kind of value.",
    "TooDeep": "Objects and arrays are nested deeper than the limit.",
    "EventTooLarge": "The event has more bytes than the limit.",
    "TypeTooLong": "The event's `type` has more characters than the limit.",
    "InvalidCloudEvent": "An attribute that CloudEvents 1.0 requires is missing, or a `ce-` header is wrong.",
    "UnknownType": "The stage only takes types that have a schema, and this one has none.",
    "SchemaViolation": "The event breaks the JSON Schema of its type.",
    "MalformedRecord": "Quarantine only: the record's data is not base64.",
    "AggregatedRecord": "Quarantine only: a damaged KPL-aggregated record.",
    "LineTooLarge": "Quarantine only: the curated line would be over Firehose's record limit.",
    "HookFailed": "Quarantine only: the hook raised, or returned what is not a JSON object.",
}


@dataclass(frozen=True, slots=True)
class EventError:
    """One thing wrong with one event."""

    index: int  # position of the event in the request, from 0
    code: str  # one of EVENT_CODES, or the user's own from a hook's Reject
    pointer: str  # JSON Pointer (RFC 6901) to the field; "" is the whole event
    message: str  # never repeats the event's own text


class Reject(Exception):
    """A hook's verdict on one event: it goes to quarantine with the hook's own code and message."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        """`code` is the user's, in CamelCase; `pointer` is the JSON Pointer to the field."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer


class Drop(Exception):
    """A hook's verdict on one event: it is left out of curated/ and noted under dropped/ with this reason."""

    def __init__(self, reason: str) -> None:
        """`reason` is the user's, a name in CamelCase: up to 64 ASCII letters, digits, `.`, `_` or `-`."""
        super().__init__(reason)
        self.reason = reason


class HeadgateError(Exception):
    """Base of the three kinds; `code` is one of CODES."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Rejected(HeadgateError):
    """The sender's fault: sending the same again cannot help."""

    def __init__(self, code: str, message: str, errors: tuple[EventError, ...] = ()) -> None:
        super().__init__(code, message)
        self.errors = errors


class Transient(HeadgateError):
    """Passing: the same again may succeed after `retry_after_s`."""

    def __init__(self, code: str, message: str, retry_after_s: int = 1) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


class Fatal(HeadgateError):
    """Ours to mend (a missing permission, a missing stream): it must raise an alarm."""
