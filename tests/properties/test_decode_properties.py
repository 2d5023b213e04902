"""For any request the decoder answers or refuses, at bounded cost (I6, I7, D01 to D09, G06, G07)."""

import gzip
import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import limits
from chalicelib.decode import Batch, Rules, decode
from chalicelib.errors import CODES, EVENT_CODES, Rejected
from chalicelib.schemas import Schemas
from tests.json_strategies import EVENTS, SPACES, nearly
from tests.makers import ANY, sent_with

PICKY = Rules(
    Schemas({"t": '{"properties":{"n":{"type":"integer","multipleOf":2}},"minProperties":2}'}),
    "/k/0",
)


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 1, mtime=0)  # the same bytes in every run


CONTENT_TYPES = st.one_of(
    st.sampled_from(
        ["", "application/json", "application/x-ndjson", "text/plain", "APPLICATION/JSON;charset=x"]
    ),
    st.text(max_size=20),
)
CODINGS = st.one_of(st.sampled_from(["", "gzip", "GZIP", "identity", "br"]), st.text(max_size=10))
PIECES = st.one_of(EVENTS, nearly(EVENTS), st.binary(max_size=20))
BODIES = st.one_of(
    st.binary(max_size=60),
    PIECES,
    st.lists(PIECES, max_size=5).map(b"\n".join),
    st.lists(PIECES, max_size=5).map(lambda pieces: b"[" + b",".join(pieces) + b"]"),
)
ANY_BODY = st.one_of(BODIES, BODIES.map(gzipped), nearly(BODIES.map(gzipped)))


def outcome(body: bytes, content_type: str = "", coding: str = "", rules: Rules = ANY) -> Batch | Rejected:
    try:
        return decode(body, sent_with(content_type, coding), rules)
    except Rejected as error:
        return error


def one_line(text: bytes) -> bytes:
    return text.strip(b" \t\r\n").replace(b"\r", b"").replace(b"\n", b"")


@given(ANY_BODY, CONTENT_TYPES, CODINGS, st.sampled_from([ANY, PICKY]))
@example(b'{"type":"t","n":1e99999999999999999999}', "", "", PICKY)
@example(b'{"k":[1e99999999999999999999]}', "", "", PICKY)
@example(b"[" * 100, "", "", ANY)
def test_i7_any_bytes_with_any_headers_are_a_batch_or_a_refusal(
    body: bytes, content_type: str, coding: str, rules: Rules
) -> None:
    found = outcome(body, content_type, coding, rules)
    if isinstance(found, Batch):
        assert 1 <= len(found.events) <= limits.EVENTS_MAX
        assert all(b"\n" not in event.line and b"\r" not in event.line for event in found.events)
        assert all(outcome(event.line, rules=rules) == Batch([event], single=True) for event in found.events)
    else:
        assert found.code in CODES
        assert {error.code for error in found.errors} <= set(EVENT_CODES)
        assert (found.code == "InvalidEvent") == bool(found.errors)
        assert list(found.errors) == sorted(found.errors, key=lambda error: error.index)


@given(st.lists(st.tuples(SPACES, EVENTS), min_size=1, max_size=5))
def test_d03_d05_t11_the_stored_bytes_are_the_sent_bytes_in_every_shape(
    sent: list[tuple[str, bytes]],
) -> None:
    array = b"[" + b",".join(space.encode() + event for space, event in sent) + b"]"
    lines = [one_line(event) for _, event in sent]
    for body, content_type in ((array, "text/plain"), (b"\r\n".join(lines), "application/x-ndjson")):
        assert [event.line for event in decode(body, sent_with(content_type, ""), ANY).events] == lines
    (event,) = decode(sent[0][1], {}, ANY).events
    assert event.line == lines[0]


@given(
    st.lists(st.tuples(EVENTS, st.booleans()), min_size=1, max_size=8),
    st.sampled_from(["application/json", "application/x-ndjson"]),
)
def test_d08_a_client_that_drops_the_listed_events_gets_the_rest_through(
    sent: list[tuple[bytes, bool]], content_type: str
) -> None:
    def body_of(pieces: list[bytes]) -> tuple[bytes, str]:
        lines = b"\n".join(pieces)
        return (lines if "nd" in content_type else b"[" + b",".join(pieces) + b"]"), content_type

    pieces = [one_line(event) if good else b'{"a":[1]x}' for event, good in sent]
    found = outcome(*body_of(pieces))
    if isinstance(found, Rejected):
        bad = {error.index for error in found.errors}
        assert bad == {index for index, (_, good) in enumerate(sent) if not good}
        pieces = [piece for index, piece in enumerate(pieces) if index not in bad]
        if not pieces:
            return
        found = outcome(*body_of(pieces))
    assert isinstance(found, Batch)
    assert [event.line for event in found.events] == [one_line(event) for event, good in sent if good]


def gzip_bomb() -> bytes:
    return gzipped(b"0" * 100_000_000)


HOSTILE: dict[str, Callable[[], tuple[bytes, str, str]]] = {
    "gzip-bomb": lambda: (gzip_bomb(), "", "gzip"),
    "gzip-bomb-of-members": lambda: (gzipped(b" " * 1000) * 4000, "", "gzip"),
    "gzip-of-empty-members": lambda: (gzipped(b"") * 209_715, "", "gzip"),
    "gzip-in-gzip": lambda: (gzipped(gzip_bomb()), "", "gzip"),
    "ten-megabytes": lambda: (b'{"a":"' + b"x" * 10_000_000 + b'"}', "", ""),
    "one-long-event": lambda: (b'{"a":"' + b"x" * 4_000_000 + b'"}', "", ""),
    "nested-arrays": lambda: (b"[" * 100_000, "", ""),
    "nested-objects": lambda: (b'{"a":' * 100_000, "", ""),
    "nested-closed": lambda: (b"[" * 2_000_000 + b"]" * 2_000_000, "", ""),
    "nested-lines": lambda: ((b"[" * 8000 + b"\n") * 500, "application/x-ndjson", ""),
    "blank-lines": lambda: (b"\n" * 1_000_000, "application/x-ndjson", ""),
    "blank-lines-then-one": lambda: (b" \r\n" * 1_000_000 + b"{}", "application/x-ndjson", ""),
    "tiny-lines": lambda: (b"1\n" * 2_000_000, "application/x-ndjson", ""),
    "tiny-elements": lambda: (b"[" + b"{}," * 1_000_000 + b"{}]", "", ""),
    "no-commas": lambda: (b"[" + b"{}" * 1_000_000, "", ""),
    "open-strings": lambda: (b"[" + b'"' * 4_000_000, "", ""),
    "escapes": lambda: (b'{"a":"' + b"\\" * 999_000, "", ""),
    "escaped-pairs": lambda: (b'{"a":"' + b"\\ud83d\\ude00" * 80_000 + b'"}', "", ""),
    "many-keys": lambda: (b"{" + b",".join(b'"%d":0' % n for n in range(100_000)) + b"}", "", ""),
    "digits": lambda: (b'{"a":' + b"7" * 999_000 + b"}", "", ""),
    "fraction-digits": lambda: (b'{"a":0.' + b"7" * 999_000 + b"}", "", ""),
    "long-integers": lambda: (b'{"a":[' + b",".join([b"7" * 4300] * 230) + b"]}", "", ""),
    "huge-exponents": lambda: (b'{"a":[' + b",".join([b"1e400"] * 150_000) + b"]}", "", ""),
    "broken-late": lambda: (b"\n".join([b'{"a":"' + b"x" * 8000 + b'"'] * 500), "application/x-ndjson", ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_i6_d04_d07_g07_a_hostile_body_costs_bounded_memory_and_time(name: str) -> None:
    body, content_type, coding = HOSTILE[name]()
    tracemalloc.start()
    try:
        found = outcome(body, content_type, coding)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found, Batch | Rejected)
    assert peak_bytes < 8 * limits.BODY_MAX_BYTES
    started_s = time.process_time()
    outcome(body, content_type, coding)
    assert time.process_time() - started_s < 3
