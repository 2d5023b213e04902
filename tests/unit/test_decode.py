"""A request's bytes become events, all or none, or a refusal that says why (D01 to D09, G06, G07)."""

import gzip
import zlib

import pytest

from chalicelib import limits
from chalicelib.decode import Batch, Rules, decode
from chalicelib.errors import Rejected
from chalicelib.schemas import Schemas
from tests import json_corpus
from tests.makers import ANY, sent_with

JSON = "application/json"
NDJSON = "application/x-ndjson"
EVENT = b'{"a":1}'
GZIPPED = gzip.compress(EVENT, mtime=0)


def lines(body: bytes, content_type: str = JSON, coding: str = "", rules: Rules = ANY) -> list[bytes]:
    return [event.line for event in decode(body, sent_with(content_type, coding), rules).events]


def refusal(body: bytes, content_type: str = JSON, coding: str = "", rules: Rules = ANY) -> Rejected:
    with pytest.raises(Rejected) as caught:
        decode(body, sent_with(content_type, coding), rules)
    return caught.value


def codes(error: Rejected) -> list[tuple[int, str]]:
    return [(item.index, item.code) for item in error.errors]


@pytest.mark.parametrize("value", json_corpus.VALID, ids=repr)
def test_d01_d02_d03_d05_valid_json_is_stored_as_sent(value: bytes) -> None:
    # One level of the depth goes to the object around it.
    event = b'{"a":' + (value[1:-1] if value.startswith(b"[" * 64) else value) + b"}"
    expected = event.replace(b"\r", b"").replace(b"\n", b"")
    assert lines(event) == [expected]
    assert lines(b"[" + event + b" , " + event + b"]") == [expected, expected]
    assert lines(event.replace(b"\n", b" ") + b"\n" + EVENT, NDJSON)[1] == EVENT


@pytest.mark.parametrize(
    ("value", "code"),
    [(text, "MalformedJson") for text in json_corpus.MALFORMED + json_corpus.BROKEN_BY_A_LINE_BREAK]
    + [(text, "InvalidUtf8") for text in json_corpus.NOT_UTF8],
    ids=repr,
)
def test_d01_d02_d06_a_bad_value_inside_an_event_is_reported_once(value: bytes, code: str) -> None:
    assert codes(refusal(b'{"a":' + value + b"}")) == [(0, code)]


@pytest.mark.parametrize("value", json_corpus.MALFORMED + json_corpus.NOT_UTF8, ids=repr)
def test_d01_a_bad_body_is_refused_in_every_media_type(value: bytes) -> None:
    for content_type in (JSON, NDJSON, "text/plain"):
        assert refusal(value, content_type).code in {"InvalidEvent", "EmptyBody"}


@pytest.mark.parametrize("text", json_corpus.TOO_DEEP, ids=lambda text: f"{text[:6]!r}-{len(text)}")
def test_d04_nesting_over_the_limit_is_too_deep_alone_and_in_a_batch(text: bytes) -> None:
    assert codes(refusal(b'{"a":' + text + b"}")) == [(0, "TooDeep")]
    assert codes(refusal(b"[" + EVENT + b"," + text + b"]")) == [(1, "TooDeep")]
    assert codes(refusal(EVENT + b"\n" + text, NDJSON)) == [(1, "TooDeep")]


@pytest.mark.parametrize(
    ("content_type", "single"),
    [
        ("", True),
        ("application/json", True),
        ("APPLICATION/JSON", True),
        ("application/json; charset=utf-8", True),
        ("application/json;charset=UTF-16", True),
        (" application/json ;", True),
        ("text/plain;charset=UTF-8", True),
        ("Application/X-NDJSON; charset=utf-8", False),
    ],
)
def test_g06_a_missing_or_oddly_written_content_type_is_understood(
    content_type: str, *, single: bool
) -> None:
    assert decode(b' {"a":1} ', sent_with(content_type, ""), ANY) == Batch(
        decode(EVENT, {}, ANY).events, single
    )


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "text/html",
        "*/*",
        "json",
        "application/jsonx",
        "\x00",
        "é",
        ";",
        ",",
    ],
)
def test_g06_another_content_type_is_415_and_says_what_to_send(content_type: str) -> None:
    if content_type == ";":  # an empty media type is a missing one
        assert lines(EVENT, content_type) == [EVENT]
    else:
        error = refusal(EVENT, content_type)
        assert error.code == "UnsupportedMediaType"
        assert "-H 'Content-Type: application/json'" in error.message


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"", JSON), (b" \r\n\t", JSON), (b"[]", JSON), (b"[ \n]", JSON), (b"\n\n \n", NDJSON), (b"", NDJSON)],
)
def test_d01_a_body_without_an_event_is_refused_and_not_stored_as_nothing(
    body: bytes, content_type: str
) -> None:
    assert refusal(body, content_type).code == "EmptyBody"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"[{},]", [(1, "MalformedJson")]),
        (b"[,{}]", [(0, "MalformedJson")]),
        (b"[{}{}]", [(1, "MalformedJson")]),
        (b"[{}", [(1, "MalformedJson")]),
        (b"[{}]]", [(1, "MalformedJson")]),
        (b"[{}] {}", [(1, "MalformedJson")]),
        (b"[]{}", [(0, "MalformedJson")]),
        (b"[{},1,{},[]]", [(1, "NotAnObject"), (3, "NotAnObject")]),
        (b"[{},nul,{}]", [(1, "MalformedJson")]),
        (b'[{},{"a":"\xff"},{"a":01}]', [(1, "InvalidUtf8"), (2, "MalformedJson")]),
    ],
)
def test_d08_every_bad_element_of_an_array_is_listed(body: bytes, found: list[tuple[int, str]]) -> None:
    error = refusal(body)
    assert error.code == "InvalidEvent"
    assert codes(error) == found


def test_d08_blank_lines_do_not_count_when_a_bad_line_is_named() -> None:
    assert codes(refusal(b'\n{}\r\n\n  \n{"a"}\n{}\nx', NDJSON)) == [
        (1, "MalformedJson"),
        (3, "MalformedJson"),
    ]


def test_d07_the_number_of_events_is_bounded_before_they_are_checked() -> None:
    assert len(lines(b"{}\n" * limits.EVENTS_MAX, NDJSON)) == limits.EVENTS_MAX
    for body, content_type in ((b"{}\n" * 501, NDJSON), (b"[" + b"{}," * 500 + b"{}]", JSON)):
        error = refusal(body, content_type)
        assert (error.code, "500" in error.message) == ("TooLarge", True)


@pytest.mark.parametrize("over_bytes", [0, 1])
def test_d09_the_body_limit_is_exact_plain_and_inflated(over_bytes: int) -> None:
    body = EVENT + b" " * (limits.BODY_MAX_BYTES + over_bytes - len(EVENT))
    for sent, coding in ((body, ""), (gzip.compress(body, 1), "gzip")):
        if over_bytes:
            assert refusal(sent, JSON, coding).code == "TooLarge"
        else:
            assert lines(sent, JSON, coding) == [EVENT]


def test_g07_gzip_may_have_been_taken_off_by_the_gateway_already() -> None:
    assert lines(EVENT, JSON, "gzip") == [EVENT]
    assert lines(gzip.compress(EVENT), JSON, " X-GZIP ") == [EVENT]
    assert lines(gzip.compress(b'{"a"') + gzip.compress(b"") + gzip.compress(b":1}"), JSON, "gzip") == [EVENT]


@pytest.mark.parametrize(
    "body",
    [
        GZIPPED[:-1],
        GZIPPED[:12],
        b"\x1f\x8b",
        GZIPPED + b"more",
        GZIPPED[:-8] + b"\x00" * 8,
        b"\x1f\x8b" + bytes(100),
        GZIPPED + b"\x1f\x8b",
    ],
)
def test_g07_a_damaged_gzip_body_is_refused(body: bytes) -> None:
    assert refusal(body, JSON, "gzip").code == "InvalidEncoding"


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "x", "\x00"])
def test_g07_another_coding_is_415(coding: str) -> None:
    assert refusal(zlib.compress(EVENT), JSON, coding).code == "UnsupportedMediaType"


def test_a_schema_refuses_and_an_ordering_field_is_read() -> None:
    rules = Rules(Schemas({"tip": '{"required":["value"]}'}), "/user/id")
    batch = decode(
        b'[{"type":"Tip","value":1,"user":{"id":"u"}},{"type":"other"}]', sent_with(JSON, ""), rules
    )
    assert [(event.type, event.ordering_key) for event in batch.events] == [("Tip", "u"), ("other", None)]
    assert codes(refusal(b'{"type":"TIP!"}', JSON, "", rules)) == [(0, "SchemaViolation")]
