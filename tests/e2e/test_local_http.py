"""For any body, method, path and header: 200 or 4xx in the contract's shape (DESIGN 2, I7)."""

import gzip
import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.e2e.contract_shape import in_shape, still_serves
from tests.e2e.local_rig import Local
from tests.e2e.raw_http import answers_in, exchange

pytestmark = pytest.mark.xdist_group("local")  # all of them share one run

JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.one_of(
    st.binary(max_size=300),
    JSONISH.map(lambda value: json.dumps(value).encode()),
    st.lists(JSONISH, max_size=5).map(lambda rows: "\n".join(json.dumps(row) for row in rows).encode()),
    st.binary(max_size=100).map(gzip.compress),
    JSONISH.map(lambda value: gzip.compress(json.dumps(value).encode())),
    st.tuples(JSONISH, st.integers(0, 60)).map(lambda cut: json.dumps(cut[0]).encode()[: cut[1]]),
)
TYPES = st.one_of(
    st.sampled_from(["application/json", "application/x-ndjson", "text/plain", "TEXT/PLAIN; charset=x", ""]),
    st.sampled_from(["image/png", "application/octet-stream", "multipart/form-data", "application/xml"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
)


@settings(max_examples=250)
@given(body=BODIES, content_type=TYPES, coding=st.sampled_from(["", "gzip", "x-gzip", "br", "identity"]))
def test_any_body_gets_an_answer_of_the_contract(
    local: Local, body: bytes, content_type: str, coding: str
) -> None:
    """D01, D02, D06"""
    with local.http() as http:
        answer = http.post(body, Content_Type=content_type, Content_Encoding=coding)
        assert answer.status in (200, 400, 413, 415)
        in_shape(answer)
        still_serves(http)


TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_!#$%&'*+.^`|~", min_size=1, max_size=12)
NAMES = TOKEN | st.sampled_from(
    ["Idempotency-Key", "X-Amzn-Trace-Id", "Origin", "X-Api-Key", "Cookie", "Expect"]
)
VALUES = st.binary(max_size=40).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b""))
PATHS = st.one_of(
    st.sampled_from(
        [b"/v1", b"/v1/", b"/v1?dry_run=1", b"/health", b"/ready", b"/", b"//v1", b"/v1#x", b"*"]
    ),
    st.binary(max_size=30).map(lambda path: b"/" + re.sub(rb"[\s]", b"", path)),
    st.text(max_size=20).map(lambda text: b"/v1?" + re.sub(rb"[\s]", b"", text.encode())),
    st.sampled_from(
        [b"http://x/v1", b"/v%31", b"/v1/%2e%2e/v1", b"/v1/..", b"/V1", b"/[::1]", b"//[", b"/%ff"]
    ),
)
METHODS = st.sampled_from(["POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]) | TOKEN


@settings(max_examples=250)
@given(
    method=METHODS,
    path=PATHS,
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=6),
    body=st.binary(max_size=50),
)
def test_any_method_path_and_headers_get_an_answer_of_the_contract(
    local: Local, method: str, path: bytes, headers: list[tuple[str, bytes]], body: bytes
) -> None:
    """G08, G09"""
    given_lines = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in headers)
    length = b"Content-Length: %d\r\n" % len(body)
    request = b"%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n%s" % (
        method.encode(),
        path,
        given_lines,
        length,
        body,
    )
    second = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answers = answers_in(exchange(local.url, request + second), heads=method == "HEAD")
    assert answers
    for answer in answers:
        in_shape(answer, head=method == "HEAD")
    if answers[0].headers.get("connection") != "close":
        assert [answer.status for answer in answers[1:]] == [200]


SETTINGS = b"\0\0\0\x04\0\0\0\0\0"


@settings(max_examples=150)
@example(sent=b"PRI * HTTP/2.0\r\n")
@given(
    sent=st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: b"POST /v1 HTTP/1.1\r\n" + tail)
)
def test_any_bytes_on_the_wire_get_an_answer_or_the_end_of_the_connection(local: Local, sent: bytes) -> None:
    received = exchange(local.url, sent)
    if received.startswith(SETTINGS):  # HTTP/2 is answered in its own words: test_local_callers.py
        assert b"PRI * HTTP/2.0\r\n" in sent
        return
    assert not received or received.startswith(b"HTTP/1.1 ")
    for answer in answers_in(received):
        in_shape(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/", 200),
        ("GET", "/v1", 405),
        ("HEAD", "/v1", 405),
        ("PUT", "/v1", 405),
        ("OPTIONS", "/v1", 405),
        ("GET", "/health", 200),
        ("GET", "/ready", 200),
        ("POST", "/health", 405),
        ("HEAD", "/health", 405),
        ("POST", "/", 404),
        ("POST", "/v1/more", 404),
        ("POST", "/v%31", 404),
        ("POST", "/V1", 404),
        ("POST", "/v1?dry_run=1&dry_run=0", 400),
    ],
)
def test_paths_and_methods_are_the_contract_s_and_a_refusal_keeps_the_connection(
    local: Local, method: str, path: str, status: int
) -> None:
    """G08, G10: CORS is off unless the stage lists origins."""
    with local.http() as http:
        answer = http.ask(
            method, path, b"{}" if method in ("POST", "PUT") else None, {"Origin": "http://localhost:3000"}
        )
        in_shape(answer, head=method == "HEAD")
        assert answer.status == status
        assert ("Allow" in answer.headers) == (status == 405)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert "Connection" not in answer.headers
        still_serves(http)


def test_nothing_that_the_run_keeps_can_be_read_by_another_user(local: Local) -> None:
    with local.http() as http:
        assert http.ask("POST", "/v1", b'{"a":1}').status == 200
    kept = [local.data, *local.data.rglob("*")]
    assert {path.name for path in kept} >= {"kinesis.sqlite", "firehose.sqlite", "poller.sqlite", "s3"}
    open_to_others = [str(path) for path in kept[1:] if path.stat().st_mode & 0o077]
    assert not open_to_others
