"""200 means that every event is on the stream, whatever happened on the way (I2 to I4, G09, K01 to K12)."""

from itertools import groupby

import orjson
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decode import Rules
from chalicelib.errors import CODES
from chalicelib.gateway import Answer
from chalicelib.schemas import Schemas
from tests.fakes import FAULTS, FakeClock, FakeCounter, FakeKinesis
from tests.json_strategies import EVENTS
from tests.makers import body_of, make_ingest, make_request

ORDERED = Rules(Schemas({}), "/k")
KEYED = st.tuples(st.sampled_from(["", "a", "b"]), st.integers(0, 99)).map(
    lambda e: b'{"k":"%s","n":%d}' % (e[0].encode(), e[1])
)
BATCHES = st.lists(st.one_of(EVENTS, KEYED), min_size=1, max_size=8)
SCRIPTS = st.lists(st.sampled_from(FAULTS), max_size=40)
PACK_BYTES = st.sampled_from([0, 40, 25_600])
SECONDS = st.floats(0.0, 60.0)
KEY = "order-17"


def sent_line(event: bytes) -> bytes:
    return event.strip(b" \t\r\n").replace(b"\r", b"").replace(b"\n", b"")


def play(
    events: list[bytes], script: list[str], pack_bytes: int, seconds: float
) -> tuple[Answer, FakeKinesis, FakeCounter]:
    clock, counter = FakeClock(), FakeCounter()
    stream = FakeKinesis(script, clock, took_s=1.0)
    ingest = make_ingest(stream, clock, ORDERED, pack_bytes)
    request = make_request(b"[" + b",".join(events) + b"]", idempotency_key=KEY)
    return ingest(request, clock.now_s + seconds, counter), stream, counter


@given(BATCHES, SCRIPTS, PACK_BYTES, SECONDS)
def test_i2_a_receipt_is_given_for_exactly_what_is_stored_there(
    events: list[bytes], script: list[str], pack_bytes: int, seconds: float
) -> None:
    answer, stream, counter = play(events, script, pack_bytes, seconds)
    assert answer.status in {200, 429, 503}
    receipts = body_of(answer)["Records"]
    assert len(receipts) == len(events)
    at = {receipt.sequence_number: entry.data.split(b"\n")[:-1] for receipt, entry in stream.stored}
    for event, receipt in zip(events, receipts, strict=True):
        if "SequenceNumber" in receipt:
            assert sent_line(event) in at[receipt["SequenceNumber"]]
        else:
            assert set(receipt) == {"ErrorCode"}
    failed = sum("ErrorCode" in receipt for receipt in receipts)
    assert body_of(answer)["FailedRecordCount"] == failed
    assert (answer.status == 200) == (failed == 0)
    assert counter.totals["EventsAccepted"] == len(events) - failed
    assert counter.totals["EventsNotStored"] == failed


@given(BATCHES, SCRIPTS, PACK_BYTES, SECONDS)
def test_i2_a_429_promises_that_nothing_was_written(
    events: list[bytes], script: list[str], pack_bytes: int, seconds: float
) -> None:
    answer, stream, _ = play(events, script, pack_bytes, seconds)
    if answer.status == 429:
        assert stream.stored == []
    if answer.status != 200:
        assert body_of(answer)["Code"] in CODES
        assert int(answer.headers["Retry-After"]) >= 1


@given(BATCHES, SCRIPTS, PACK_BYTES, SECONDS)
def test_i3_every_copy_has_the_same_id_and_the_same_bytes_also_when_the_client_repeats(
    events: list[bytes], script: list[str], pack_bytes: int, seconds: float
) -> None:
    _, first, _ = play(events, script, pack_bytes, seconds)
    _, second, _ = play(events, [], pack_bytes, 60.0)
    data: dict[str, bytes] = {}
    for _, entry in first.stored + second.stored:
        assert data.setdefault(entry.partition_key, entry.data) == entry.data
    assert sorted(b"".join(data.values()).split(b"\n")[:-1]) == sorted(map(sent_line, events))


@given(BATCHES, SCRIPTS, PACK_BYTES, SECONDS)
def test_i4_the_order_inside_an_ordering_key_is_kept_also_when_the_client_repeats(
    events: list[bytes], script: list[str], pack_bytes: int, seconds: float
) -> None:
    _, stream, _ = play(events, script, pack_bytes, seconds)
    for call in stream.calls:
        hashes = [entry.explicit_hash_key for entry in call if entry.explicit_hash_key]
        assert len(hashes) == len(set(hashes))
    ordered = [entry for _, entry in stream.stored if entry.explicit_hash_key]
    for _, entries in groupby(
        sorted(ordered, key=lambda e: str(e.explicit_hash_key)), lambda e: e.explicit_hash_key
    ):
        places = [int(entry.partition_key.rpartition("/")[2]) for entry in entries]
        assert places == sorted(places)


@given(
    st.one_of(EVENTS, st.binary(max_size=30)), st.text(max_size=30), st.text(max_size=30), st.text(max_size=8)
)
def test_g09_no_text_of_a_client_reaches_a_header(
    body: bytes, key: str, trace: str, content_type: str
) -> None:
    request = make_request(
        body, idempotency_key=key, x_amzn_trace_id=trace, content_type=content_type, origin=trace
    )
    ingest = make_ingest(FakeKinesis())
    answer = ingest(request, ingest.now() + 60, FakeCounter())
    assert set(answer.headers) <= {"Content-Type", "X-Request-Id", "Cache-Control", "Retry-After"}
    assert "".join(answer.headers.values()).isascii()
    assert answer.headers["X-Request-Id"] == "request-1"
    assert orjson.loads(answer.body)
    assert answer.status in {200, 400, 413, 415}
