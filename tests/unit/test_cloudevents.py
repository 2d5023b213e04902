"""CloudEvents 1.0 over HTTP: three modes, stored as sent, refused with every missing attribute's name.

Source of the rules: CloudEvents 1.0.2, HTTP Protocol Binding and JSON Event Format.
"""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.cloudevents import event_id
from chalicelib.decode import Batch, decode
from chalicelib.errors import CODES, EVENT_CODES, Rejected
from tests.fakes import FakeKinesis
from tests.makers import ANY, make_ingest, make_request, post

HEADERS = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "/shop", "ce-type": "order"}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=UTF-8"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
EVENT = b'{"specversion":"1.0","id":"7","source":"/shop","type":"order","data":{"n":1.10}}'
OTHER = b'{"id":"8", "source":"/shop", "specversion":"1.0", "type":"order"}'


def binary(body: bytes, content_type: str | None = "application/json", **more: str) -> bytes:
    headers = HEADERS | {name.replace("_", "-"): value for name, value in more.items()}
    if content_type is not None:
        headers["content-type"] = content_type
    (event,) = decode(body, headers, ANY).events
    return event.line


def refusal(body: bytes, headers: dict[str, str]) -> Rejected:
    with pytest.raises(Rejected) as caught:
        decode(body, headers, ANY)
    return caught.value


def pointers(error: Rejected) -> list[tuple[int, str]]:
    return [(each.index, each.pointer) for each in error.errors]


def test_a_structured_event_is_stored_as_it_was_sent() -> None:
    batch = decode(EVENT, STRUCTURED, ANY)
    assert (batch.events[0].line, batch.events[0].type, batch.single) == (EVENT, "order", True)
    assert batch.own_ids == ["/shop,7"]


def test_headers_beside_a_structured_event_do_not_matter() -> None:
    assert decode(EVENT, STRUCTURED | HEADERS | {"ce-id": "other"}, ANY) == decode(EVENT, STRUCTURED, ANY)


def test_a_batch_is_an_array_whose_events_are_stored_as_they_were_sent() -> None:
    batch = decode(b"[" + EVENT + b", " + OTHER + b"]", BATCH, ANY)
    assert [event.line for event in batch.events] == [EVENT, OTHER]
    assert batch.own_ids == ["/shop,7", "/shop,8"]
    assert not batch.single


@pytest.mark.parametrize("body", [EVENT, b"7", b'"text"'])
def test_a_batch_that_is_no_array_is_refused(body: bytes) -> None:
    assert refusal(body, BATCH).errors[0].code == "MalformedJson"


def test_binary_mode_keeps_every_attribute_and_the_datas_bytes() -> None:
    line = binary(
        b' {"n": 1.10, "n":100000000000000000000.5}\n', ce_time="2026-11-29T06:00:00Z", ce_channel="web"
    )
    assert line == (
        b'{"specversion":"1.0","id":"7","source":"/shop","type":"order","channel":"web",'
        b'"time":"2026-11-29T06:00:00Z","datacontenttype":"application/json",'
        b'"data":{"n": 1.10, "n":100000000000000000000.5}}'
    )


@pytest.mark.parametrize(
    ("content_type", "body", "member"),
    [
        ("application/json", b"", {}),
        (None, b"", {}),
        (None, b"[1]", {"data": [1]}),
        ("application/vnd.shop+json", b'"x"', {"data": "x"}),
        ("text/plain; charset=utf-8", "값\n".encode(), {"data": "값\n"}),
        ("application/soap+xml", b"<a/>", {"data": "<a/>"}),
        ("text/plain; charset=euc-kr", b"\xb0\xaa", {"data_base64": "sKo="}),
        ("text/plain", b"\xff", {"data_base64": "/w=="}),
        ("application/octet-stream", b"{}", {"data_base64": "e30="}),
        ("image/png", b"\x89PNG", {"data_base64": "iVBORw=="}),
        ("multipart/form-data; boundary=x", b"--x--", {"data_base64": "LS14LS0="}),
    ],
)
def test_data_is_json_text_or_base64_by_its_content_type(
    content_type: str | None, body: bytes, member: dict[str, object]
) -> None:
    event = json.loads(binary(body, content_type))
    assert {name: event[name] for name in ("data", "data_base64") if name in event} == member


def test_values_of_headers_are_unquoted_and_percent_decoded_once() -> None:
    event = json.loads(binary(b"", ce_subject="%EA%B0%92%2541", ce_note='"a \\"b\\" c"', ce_raw="50% off"))
    assert (event["subject"], event["note"], event["raw"]) == ("값%41", 'a "b" c', "50% off")


def test_binary_mode_may_be_compressed() -> None:
    headers = HEADERS | {"content-encoding": "gzip", "content-type": "application/json"}
    (event,) = decode(gzip.compress(b'{"a":1}'), headers, ANY).events
    assert event.line.endswith(b'"data":{"a":1}}')


@pytest.mark.parametrize(
    "body", [b'1,"type":"evil"', b'{"a":1}}', b'1}{"a":1', b"NaN", b"{", b'"\xff"', b" "]
)
def test_a_body_that_is_not_one_json_value_cannot_reach_into_the_event(body: bytes) -> None:
    error = refusal(body, HEADERS | {"content-type": "application/json"})
    assert (error.code, error.errors[0].pointer) == ("InvalidEvent", "/data")


@pytest.mark.parametrize("missing", [{"id"}, {"source"}, {"type"}, {"specversion"}, {"id", "type"}])
@pytest.mark.parametrize("mode", ["binary", "structured", "batch"])
def test_every_missing_attribute_is_named(mode: str, missing: set[str]) -> None:
    event = {name: value for name, value in json.loads(EVENT).items() if name not in missing}
    text = json.dumps(event).encode()
    if mode == "binary":
        error = refusal(b"{}", {name: HEADERS[name] for name in HEADERS if name[3:] not in missing})
    else:
        error = refusal(*((text, STRUCTURED) if mode == "structured" else (b"[" + text + b"]", BATCH)))
    assert error.code == "InvalidEvent"
    assert {pointer for _, pointer in pointers(error)} == {f"/{name}" for name in missing}
    assert all(name in str([each.message for each in error.errors]) for name in missing)


@pytest.mark.parametrize(
    ("name", "value"), [("id", ""), ("id", 7), ("source", None), ("type", ["t"]), ("specversion", "0.3")]
)
def test_an_attribute_that_is_no_text_or_another_version_is_refused(name: str, value: object) -> None:
    error = refusal(json.dumps(json.loads(EVENT) | {name: value}).encode(), STRUCTURED)
    assert pointers(error) == [(0, f"/{name}")]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce-my-name", "x"),
        ("ce-", "x"),
        ("ce-data", "x"),
        ("ce-datacontenttype", "text/plain"),
        ("ce-n", "%ff"),
    ],
)
def test_a_header_that_cannot_be_an_attribute_is_refused(header: str, value: str) -> None:
    error = refusal(b"{}", HEADERS | {header: value})
    assert [each.code for each in error.errors] == ["InvalidCloudEvent"]


def test_a_format_that_is_not_json_is_named_with_what_is_taken() -> None:
    error = refusal(b"x", {"content-type": "application/cloudevents+avro"})
    assert error.code == "UnsupportedMediaType"
    assert "application/cloudevents+json" in error.message


def test_other_headers_make_no_cloudevent() -> None:
    headers = {"content-type": "application/json", "cache-control": "no-store", "cert": "x"}
    assert decode(b'{"a":1}', headers, ANY).own_ids is None


def test_id_and_source_are_the_event_id_of_each_event_unless_a_key_is_given() -> None:
    for own, expected in (({}, ["/shop,7", "/shop,8"]), ({"idempotency_key": "k"}, ["k/0"])):
        stream = FakeKinesis()
        request = make_request(b"[" + EVENT + b"," + OTHER + b"]", content_type=BATCH["content-type"], **own)
        assert post(make_ingest(stream), request).status == 200
        assert [entry.partition_key.removeprefix("hg1:") for entry in stream.calls[0]] == expected


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_ids_are_printable_bounded_and_one_for_each_pair(a: str, b: str, c: str, d: str) -> None:
    texts = [each.encode("utf-8", "replace").decode() for each in (a, b, c, d)]
    one = event_id({"source": texts[0], "id": texts[1]})
    two = event_id({"source": texts[2], "id": texts[3]})
    assert (one == two) == (texts[:2] == texts[2:])
    assert one.isascii()
    assert one.isprintable()
    assert 1 <= len(one) <= 200


@given(
    st.binary(max_size=40),
    st.dictionaries(
        st.one_of(
            st.sampled_from([*HEADERS, "ce-data", "ce-x", "ce-é", "content-type"]), st.text(max_size=5)
        ),
        st.one_of(
            st.sampled_from(["1.0", "application/json", "text/plain", *STRUCTURED.values()]),
            st.text(max_size=9),
        ),
    ),
)
def test_i7_any_body_with_any_headers_is_an_event_or_a_refusal(body: bytes, headers: dict[str, str]) -> None:
    try:
        found: Batch | Rejected = decode(body, HEADERS | headers, ANY)
    except Rejected as error:
        found = error
    if isinstance(found, Batch):
        assert all(json.loads(event.line)["id"] for event in found.events)
    else:
        assert found.code in CODES
        assert {each.code for each in found.errors} <= set(EVENT_CODES)
