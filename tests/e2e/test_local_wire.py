"""What reaches the server is not always HTTP: refused in shape, and the next client is served (G08, G09)."""

import pytest

from tests.e2e.contract_shape import in_shape
from tests.e2e.local_rig import Local
from tests.e2e.raw_http import answers_in, exchange

pytestmark = pytest.mark.xdist_group("local")  # all of them share one run

POST = b"POST /v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MALFORMED = [
    ("a chunk size that is no number", CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", 400),
    ("a negative chunk size", CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", 400),
    ("a chunk longer than announced", CHUNKED + b"1\r\n{}\r\n0\r\n\r\n", 400),
    ("a chunk that ends early", CHUNKED + b"ff\r\n{}", 400),
    ("a chunk size line without an end", CHUNKED + b"2;" + b"x" * 8000 + b"\r\n{}\r\n0\r\n\r\n", 400),
    ("more trailers than a client needs", CHUNKED + b"0\r\n" + b"a: b\r\n" * 200 + b"\r\n", 400),
    ("chunked and a length", POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
    (
        "a coding after chunked",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        400,
    ),
    ("an unknown transfer coding", POST + b"Transfer-Encoding: gzip\r\n\r\n{}", 400),
    ("a body shorter than its length", POST + b"Content-Length: 20\r\n\r\n{}", 400),
    ("a length that is no number", POST + b"Content-Length: 0x2\r\n\r\n{}", 400),
    ("a negative length", POST + b"Content-Length: -2\r\n\r\n{}", 400),
    ("two lengths", POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", 400),
    ("an astronomical length", POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}", 413),
    ("a header line without a colon", POST + b"nonsense\r\nContent-Length: 2\r\n\r\n{}", 400),
    ("a folded header", POST + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}", 0),
    ("NUL in a header", POST + b"X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}", 0),
    ("a header of 100 kB", POST + b"X-A: " + b"x" * 100_000 + b"\r\n\r\n", 400),
    ("a thousand headers", POST + b"X-A: b\r\n" * 1000 + b"\r\n", 400),
    ("a query of 100 kB", b"POST /v1?" + b"q" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100 + b"\r\n\r\n", 400),
    ("an unknown method", b"BREW /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    ("an unknown method and path", b"BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
]


@pytest.mark.parametrize(("what", "sent", "status"), MALFORMED, ids=[case[0] for case in MALFORMED])
def test_a_request_that_is_not_well_formed_is_refused_in_shape(
    local: Local, what: str, sent: bytes, status: int
) -> None:
    """G08, G09; a status of 0 leaves it open."""
    answer = answers_in(exchange(local.url, sent))[0]
    in_shape(answer)
    assert answer.status == status or not status, what


SMUGGLED = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [b"nonsense\r\nContent-Length: %d", b"Content-Length : %d", b"X A: b\r\nContent-Length: %d"],
)
def test_g09_what_follows_a_broken_head_is_not_read_as_the_next_request(local: Local, head: bytes) -> None:
    sent = POST + head % len(SMUGGLED) + b"\r\n\r\n" + SMUGGLED
    assert [answer.status for answer in answers_in(exchange(local.url, sent))] == [400]


def test_an_empty_line_before_a_request_is_passed_over(local: Local) -> None:
    assert [answer.status for answer in answers_in(exchange(local.url, b"\r\n" + SMUGGLED))] == [200]


def test_a_refusal_reaches_a_client_that_does_not_close_and_is_still_sending(local: Local) -> None:
    """Unread bytes would turn the end of the connection into a reset that destroys the answer."""
    for sent in (
        b"POST /v1?" + b"q" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
        CHUNKED + b"zz\r\n" + b"x" * 1_000_000,
        POST + b"Content-Length: x\r\n\r\n" + b"x" * 1_000_000,
    ):
        (answer,) = answers_in(exchange(local.url, sent, half_close=False))
        in_shape(answer)
        assert answer.headers["connection"] == "close"


def test_chunked_bodies_and_pipelined_requests_are_taken(local: Local) -> None:
    """Chalice's own server drops chunked bodies."""
    sent = CHUNKED + b'5;ext=1\r\n{"a":\r\n3\r\n"b"\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n'
    length = POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"
    answers = answers_in(exchange(local.url, sent + length + sent))
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert all(answer.json.keys() == {"SequenceNumber", "ShardId"} for answer in answers)


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it_or_the_refusal_at_once(local: Local) -> None:
    expecting = POST + b"Expect: 100-continue\r\n"
    received = exchange(local.url, expecting + b"Content-Length: 2\r\n\r\n{}")
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert [answer.status for answer in answers_in(received)] == [200]
    (refused,) = answers_in(
        exchange(local.url, expecting + b"Content-Length: 99999999\r\n\r\n", half_close=False)
    )
    assert (refused.status, refused.json["Code"]) == (413, "TooLarge")


def test_nothing_that_a_client_sends_comes_back_in_a_header(local: Local) -> None:
    """G09"""
    canary = b"canary\xff\x0b"
    lines = b"".join(
        b"%s: %s\r\n" % (name, canary)
        for name in (
            b"X-Request-Id",
            b"X-Amzn-Trace-Id",
            b"Allow",
            b"Set-Cookie",
            b"X-Amzn-Requestid",
        )
    )
    received = exchange(local.url, POST + lines + b"Content-Length: 2\r\n\r\n{}")
    assert b"canary" not in received.partition(b"\r\n\r\n")[0]
    assert b" 200 " in received
