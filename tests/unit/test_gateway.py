"""Requests as API Gateway hands them over, and the one shape of every answer (G09, K10)."""

from base64 import b64encode
from typing import Any

import orjson
import pytest

from chalicelib import gateway
from chalicelib.errors import CODES, EventError, Fatal, Rejected, Transient
from tests.makers import body_of, make_request


def make_event(**fields: Any) -> dict[str, Any]:
    return {"requestContext": {"httpMethod": "POST", "requestId": "gateway-1"}, **fields}


def test_a_request_is_read_from_the_event() -> None:
    event = make_event(
        headers={"Content-Type": "text/plain", "ORIGIN": "https://a.test"},
        multiValueQueryStringParameters={"dry_run": ["0", "1"], "same": ["1", "1"], "none": []},
        body='{"a":"가"}',
    )
    request = gateway.request_of(event, lambda: "fresh")
    assert (request.method, request.body, request.request_id) == ("POST", '{"a":"가"}'.encode(), "gateway-1")
    assert (request.header("content-type"), request.header("origin")) == ("text/plain", "https://a.test")
    assert request.header("missing") == ""
    assert request.query == {"dry_run": "0,1", "same": "1"}


@pytest.mark.parametrize("body", [None, "", b""])
def test_what_was_not_sent_is_empty(body: object) -> None:
    event = make_event(headers=None, multiValueQueryStringParameters=None, body=body)
    assert gateway.request_of(event, lambda: "fresh")[1:4] == ({}, {}, b"")


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b64encode(b"\x1f\x8b\x00").decode(), b"\x1f\x8b\x00"),
        ("not base64!", b"not base64!"),
        ("é", "é".encode()),
    ],
)
def test_a_base64_body_is_decoded_and_bad_base64_becomes_a_bad_body(sent: str, body: bytes) -> None:
    assert gateway.request_of(make_event(body=sent, isBase64Encoded=True), lambda: "fresh").body == body


def test_d06_a_lone_surrogate_in_the_body_text_reaches_the_decoder_as_bytes() -> None:
    request = gateway.request_of(make_event(body='{"a":"\ud800"}'), lambda: "fresh")
    assert request.body == b'{"a":"\xed\xa0\x80"}'


@pytest.mark.parametrize(
    ("context", "request_id", "unique_id"),
    [
        (
            {"requestId": "7737-4b79", "extendedRequestId": "JJbHYosFVYQ="},
            "7737-4b79",
            "JJbHYosFVYQ=",
        ),
        ({"requestId": "77375676-4b79"}, "77375676-4b79", "77375676-4b79"),
        ({"requestId": "a b\r\nSet-Cookie: x", "extendedRequestId": "JJb/+="}, "fresh", "JJb/+="),
        ({"requestId": "x" * 129, "extendedRequestId": "JJb="}, "fresh", "JJb="),
        ({}, "fresh", ""),
    ],
)
def test_k06_a_request_is_named_by_what_no_client_can_choose(
    context: dict[str, str], request_id: str, unique_id: str
) -> None:
    event = {"requestContext": {"httpMethod": "POST", **context}}
    request = gateway.request_of(event, lambda: "fresh")
    assert (request.request_id, request.unique_id) == (request_id, unique_id)


def test_a_request_without_an_id_gets_a_fresh_one() -> None:
    event = {"requestContext": {"httpMethod": "GET", "requestId": None}}
    assert gateway.request_of(event, lambda: "fresh").request_id == "fresh"


@pytest.mark.parametrize("code", CODES)
def test_every_error_has_one_shape_and_its_status(code: str) -> None:
    answer = gateway.refused("r-1", Rejected(code, "Why."))
    assert answer.status == CODES[code][0]
    assert body_of(answer) == {"Code": code, "Message": "Why.", "RequestId": "r-1"}
    assert answer.headers["X-Request-Id"] == "r-1"
    assert answer.headers["Content-Type"] == "application/json"


def test_bad_events_are_listed_and_a_transient_error_says_when_to_come_back() -> None:
    error = Rejected("InvalidEvent", "Bad.", (EventError(3, "TooDeep", "/a~1b", "Deep."),))
    assert body_of(gateway.refused("r", error))["Errors"] == [
        {"Index": 3, "Code": "TooDeep", "Pointer": "/a~1b", "Message": "Deep."}
    ]
    waiting = gateway.refused("r", Transient("Unavailable", "Later.", 7), {"Records": []})
    assert waiting.headers["Retry-After"] == "7"
    assert body_of(waiting)["Records"] == []
    assert "Retry-After" not in gateway.refused("r", Fatal("InternalError", "Ours.")).headers


def test_a_wrong_method_names_the_right_ones() -> None:
    answer = gateway.method_not_allowed(make_request(b""), "POST")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "origin", ["", "https://evil.test", "https://a.test.evil.test", "null", "https://A.test"]
)
def test_g09_cors_is_off_for_an_origin_that_is_not_listed(origin: str) -> None:
    request = make_request(b"", origin=origin) if origin else make_request(b"")
    origins = frozenset({"https://a.test"})
    assert gateway.preflight(request, origins).status == 405
    answer = gateway.with_cors(gateway.answered("r", {}), request, origins)
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_cors_is_on_for_a_listed_origin_on_answers_and_errors() -> None:
    request = make_request(b"", origin="https://a.test")
    preflight = gateway.preflight(request, {"https://a.test"})
    assert (preflight.status, preflight.body) == (204, b"")
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    for answer in (
        preflight,
        gateway.with_cors(gateway.refused("r", Rejected("TooLarge", "")), request, {"https://a.test"}),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://a.test"
        assert answer.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_star_among_the_stages_origins_lets_every_page_in() -> None:
    request = make_request(b"", origin="https://b.test")
    preflight = gateway.preflight(request, {"*"})
    assert preflight.status == 204
    for answer in (preflight, gateway.with_cors(gateway.answered("r", {}), request, {"*"})):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Vary" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert gateway.preflight(make_request(b""), {"*"}).status == 405


def test_an_answer_is_json() -> None:
    assert orjson.loads(gateway.answered("r", {"Valid": 2}).body) == {"Valid": 2}
