"""What each refusal of a request says, word for word, because a person reads it."""

import gzip

import pytest

from chalicelib import limits
from chalicelib.decode import decode
from chalicelib.errors import Rejected
from tests.makers import ANY, sent_with

JSON, NDJSON = "application/json", "application/x-ndjson"
TOO_MANY = b"[" + b",".join([b"{}"] * 501) + b"]"
HALF = gzip.compress(b"{}", mtime=0)[:-9]
CUT = "The array cannot be read from byte"
HINT = " For one event per line send Content-Type: application/x-ndjson."
EMPTY = "The body is empty: send a JSON object, an array of objects, or NDJSON."
HEADER = (
    "Send the header 'Content-Type: application/json' (curl: -H 'Content-Type: application/json'), "
    "or application/x-ndjson for one event per line."
)
DEEP = b'{"a":' * 65 + b"1" + b"}" * 65


def refusal(body: bytes, content_type: str = JSON, coding: str = "") -> Rejected:
    with pytest.raises(Rejected) as caught:
        decode(body, sent_with(content_type, coding), ANY)
    return caught.value


@pytest.mark.parametrize(
    ("body", "content_type", "coding", "code", "message"),
    [
        (b" \r\n", JSON, "", "EmptyBody", EMPTY),
        (b"", NDJSON, "", "EmptyBody", EMPTY),
        (b"[ ]", JSON, "", "EmptyBody", "The array is empty: there is no event to store."),
        (
            b"{}",
            "text/csv",
            "",
            "UnsupportedMediaType",
            HEADER,
        ),
        (
            b"{}",
            JSON,
            "br",
            "UnsupportedMediaType",
            "The Content-Encoding is not one of: gzip, identity.",
        ),
        (b"\x1f\x8bx", JSON, "gzip", "InvalidEncoding", "The gzip body ends too early."),
        (
            b"\x1f\x8b" + b"\xff" * 20,
            JSON,
            "gzip",
            "InvalidEncoding",
            "The body is not gzip, or it is damaged.",
        ),
        (HALF, JSON, "gzip", "InvalidEncoding", "The gzip body ends too early."),
        (
            gzip.compress(b"", mtime=0) * 501,
            JSON,
            "gzip",
            "InvalidEncoding",
            "The gzip body has more than 500 members.",
        ),
        (
            b"x" * (limits.BODY_MAX_BYTES + 1),
            JSON,
            "",
            "TooLarge",
            "The body has 4194305 bytes; the limit is 4194304.",
        ),
        (
            gzip.compress(b" " * (limits.BODY_MAX_BYTES + 100), mtime=0),
            JSON,
            "gzip",
            "TooLarge",
            "The body has inflated to at least 4194305 bytes; the limit is 4194304.",
        ),
        (
            gzip.compress(b" " * 1_000_000, mtime=0) + gzip.compress(b" " * 10_000_000),
            JSON,
            "gzip",
            "TooLarge",
            "The body has inflated to at least 4194305 bytes; the limit is 4194304.",
        ),
        (
            TOO_MANY,
            JSON,
            "",
            "TooLarge",
            "The request has more than 500 events, the limit of one request.",
        ),
    ],
)
def test_a_refused_request_says_why(
    body: bytes, content_type: str, coding: str, code: str, message: str
) -> None:
    error = refusal(body, content_type, coding)
    assert (error.code, error.message, error.errors) == (code, message, ())


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"17", JSON, "The event was not stored. An event is a JSON object, not a number."),
        (b"{}\n{}", JSON, f"The event was not stored. {{}}{HINT}"),
        (b"[{},1,2]", JSON, "2 of 3 events are bad; none of the request was stored."),
        (b"{}\n1\n{}", NDJSON, "1 of 3 events are bad; none of the request was stored."),
    ],
)
def test_a_request_with_bad_events_says_how_many(body: bytes, content_type: str, message: str) -> None:
    error = refusal(body, content_type)
    assert error.code == "InvalidEvent"
    assert error.message == message.format(error.errors[0].message)


@pytest.mark.parametrize(
    ("body", "index", "code", "message"),
    [
        (b"[] x", 0, "MalformedJson", f"{CUT} 2 on: there is more after the array."),
        (b"[]x", 0, "MalformedJson", f"{CUT} 2 on: there is more after the array."),
        (b"[{},{},,]", 2, "MalformedJson", f"{CUT} 7 on: expected an event."),
        (b"[{}", 1, "MalformedJson", f"{CUT} 3 on: expected ',' between two events, or ']' at the end."),
        (b"[{} {}]", 1, "MalformedJson", f"{CUT} 4 on: expected ',' between two events, or ']' at the end."),
        (b"[{},,{}]", 1, "MalformedJson", f"{CUT} 4 on: expected an event."),
        (b"[{}, ]", 1, "MalformedJson", f"{CUT} 5 on: expected an event."),
        (b"[{}," + DEEP + b"]", 1, "TooDeep", "Nested deeper than 64 levels."),
    ],
)
def test_a_broken_array_says_where(body: bytes, index: int, code: str, message: str) -> None:
    last = refusal(body).errors[-1]
    assert (last.index, last.code, last.pointer, last.message) == (index, code, "", message)


def test_only_the_white_space_of_json_may_stand_around_an_event() -> None:
    assert refusal(b"\x0c{}").errors[0].code == "MalformedJson"


@pytest.mark.parametrize("coding", ["", "identity", " Identity ", "gzip", "x-gzip"])
def test_a_coding_that_changes_nothing_is_taken(coding: str) -> None:
    assert len(decode(b"{}", sent_with(JSON, coding), ANY).events) == 1
