"""Any bytes in any record: the transform returns, and every line is somewhere (I1, I3, I5, T01 to T12)."""

import json
import tracemalloc
from base64 import b64decode
from collections import Counter as Tally
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import limits
from chalicelib.errors import Reject
from chalicelib.retry import Outcome
from headgate.agent.kpl import KplRecord, aggregate
from tests.fakes import FAULTS, FakeBucket, FakeClock, FakeCounter, FakeFirehose
from tests.json_strategies import EVENTS, nearly
from tests.makers import make_batch, make_record, make_transform, run

LINES = st.one_of(
    EVENTS.map(lambda event: event.replace(b"\n", b"")),
    nearly(EVENTS),
    st.binary(max_size=20),
    st.sampled_from(
        [b"", b" ", b'{"do":"drop"}', b'{"do":"reject"}', b'{"do":"crash"}', b"\xf3\x89\x9a\xc2x", b"raw"]
    ),
)
# Three lines in two user records.
AGGREGATED = aggregate([KplRecord("a", b'{"do":"drop"}\n{"n":1}\n'), KplRecord("b", b"raw")])
DATA = st.one_of(st.lists(LINES, max_size=3).map(b"\n".join), st.just(AGGREGATED))
BATCHES = st.lists(DATA, min_size=1, max_size=5)
SCRIPTS = st.lists(st.sampled_from(FAULTS), max_size=30)
PACK_BYTES = st.sampled_from([0, 400, 25_600])


def hook(event: dict[str, Any]) -> dict[str, Any] | None:
    """Does what an event asks for."""
    match event.get("do"):
        case "drop":
            return None
        case "reject":
            raise Reject("Asked", "It asked for it.")
        case "crash":
            raise KeyError("crash")
    return event


def lines_of(data: bytes) -> int:
    """How many lines a record has; a damaged aggregated one counts as one."""
    if data == AGGREGATED:
        return 3
    if data.startswith(b"\xf3\x89\x9a\xc2"):
        return 1
    return len(data.removesuffix(b"\n").split(b"\n")) if data else 0


@given(BATCHES, PACK_BYTES)
def test_i1_t01_curated_quarantined_and_dropped_are_the_lines_that_came_in(
    datas: list[bytes], pack_bytes: int
) -> None:
    delivery, store, counter = FakeFirehose(), FakeBucket(), FakeCounter()
    answer = run(
        make_transform(delivery, store, hook, pack_bytes=pack_bytes), make_batch(*datas), counter=counter
    )
    assert answer == {"batchItemFailures": []}
    dropped = counter.totals["LinesDropped"]
    quarantined = store.under("quarantine/")
    assert len(delivery.lines) + len(quarantined) + dropped == sum(map(lines_of, datas))
    assert len(store.under("dropped/")) == dropped - counter.reasons["LinesDropped", "BlankLine"]
    assert counter.totals["LinesCurated"] == len(delivery.lines)
    assert counter.totals["LinesQuarantined"] == len(quarantined)
    assert sum(counter.reasons.values()) == counter.totals["LinesQuarantined"] + dropped
    ids = [json.loads(line)["event_id"] for line in delivery.lines + store.lines]
    assert len(ids) == len(set(ids))


@given(st.lists(EVENTS.map(lambda event: event.replace(b"\n", b"")), min_size=1, max_size=6))
def test_t11_d03_what_ingest_stored_is_curated_byte_for_byte(events: list[bytes]) -> None:
    delivery = FakeFirehose()
    lines = [event.replace(b"\r", b"").strip() for event in events]
    run(make_transform(delivery, FakeBucket()), make_batch(b"\n".join(lines) + b"\n"))
    assert [line.split(b'"event":', 1)[1] for line in delivery.lines] == [line + b"}" for line in lines]


@given(st.binary(max_size=60))
def test_t01_a_quarantined_line_is_kept_whole(data: bytes) -> None:
    data = b"\xff" + data.replace(b"\n", b"")
    store = FakeBucket()
    run(make_transform(FakeFirehose(), store), make_batch(data))
    (line,) = map(orjson.loads, store.lines)
    assert b64decode(line["line_base64"]) == data


@given(BATCHES, PACK_BYTES)
def test_t07_running_twice_gives_the_same_bytes_under_the_same_names(
    datas: list[bytes], pack_bytes: int
) -> None:
    runs = []
    for _ in range(2):
        delivery, store = FakeFirehose(), FakeBucket()
        run(make_transform(delivery, store, hook, pack_bytes=pack_bytes), make_batch(*datas))
        runs.append((delivery.delivered, store.writes))
    assert runs[0] == runs[1]


@given(BATCHES, SCRIPTS, SCRIPTS, PACK_BYTES, st.floats(0.0, 60.0))
def test_i1_t02_t03_t09_nothing_is_lost_while_lambda_sends_back_what_is_not_done(
    datas: list[bytes], firehose: list[str], bucket: list[str], pack_bytes: int, seconds: float
) -> None:
    whole_delivery, whole_store = FakeFirehose(), FakeBucket()
    run(make_transform(whole_delivery, whole_store, hook, pack_bytes=0), make_batch(*datas))
    delivery, store, counter = FakeFirehose(firehose), FakeBucket(bucket), FakeCounter()
    transform = make_transform(delivery, store, hook, FakeClock(), pack_bytes)
    records = make_batch(*datas)["Records"]
    for attempt in range(100):
        answer = run(transform, {"Records": records}, seconds if attempt == 0 else 60.0, counter)
        if not answer["batchItemFailures"]:
            break
        (failure,) = answer["batchItemFailures"]
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        assert failure["itemIdentifier"] in numbers
        records = records[numbers.index(failure["itemIdentifier"]) :]
    else:
        raise AssertionError("the batch never ends")
    assert set(delivery.lines) == set(whole_delivery.lines)
    assert set(store.lines) == set(whole_store.lines)


@given(
    st.lists(st.sampled_from([b'{"n":1}', b"\xff", b"\n"]), min_size=1, max_size=10),
    st.lists(st.booleans(), max_size=10),
)
def test_t02_the_answer_is_the_lowest_record_that_is_not_done(
    datas: list[bytes], refused: list[bool]
) -> None:
    script = ["misconfigured" if bad else "stored" for bad in refused]
    delivery = FakeFirehose(script)
    answer = run(make_transform(delivery, FakeBucket(), pack_bytes=0), make_batch(*datas))
    good = [number for number, data in enumerate(datas, 95) if data == b'{"n":1}']
    undone = [number for number, fault in zip(good, script, strict=False) if fault == "misconfigured"]
    expected = [{"itemIdentifier": str(min(undone))}] if undone else []
    assert answer == {"batchItemFailures": expected}


class ForgetfulFirehose(FakeFirehose):
    """Takes records and keeps none of them, so that what is measured is the transform's."""

    def put(self, records: Sequence[bytes]) -> list[Outcome]:
        outcomes = super().put(records)
        self.delivered.clear()
        self.calls.clear()
        return outcomes


class ForgetfulBucket(FakeBucket):
    """Takes objects and keeps none of them."""

    def put(self, bucket: str, key: str, body: bytes) -> Outcome:
        outcome = super().put(bucket, key, body)
        self.objects.clear()
        self.writes.clear()
        return outcome


def peak_bytes(data: bytes, count: int) -> int:
    """The most that the transform holds at a time while it works on `count` such records."""
    batch = {"Records": [make_record(data, number) for number in range(count)]}
    transform = make_transform(ForgetfulFirehose(), ForgetfulBucket())
    tracemalloc.start()
    try:
        answer = run(transform, batch)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer == {"batchItemFailures": []}
    return peak


@pytest.mark.parametrize("line", [b"a\n\xff\n", b"\n\n", b'{"a":"' + b"x" * 4000 + b'"}\n'], ids=len)
def test_i6_t12_memory_does_not_grow_with_the_batch(line: bytes) -> None:
    data = line * min(limits.SLICE_LINES // line.count(b"\n"), limits.SLICE_BYTES // len(line))
    assert peak_bytes(data, 2) < 1.4 * peak_bytes(data, 1)


def test_i6_t12_a_line_of_a_whole_record_costs_a_bounded_number_of_copies() -> None:
    for data in (b"a" * 1_000_000, b"\x01" * 1_000_000, b'{"a":"' + b"x" * 990_000 + b'"}'):
        assert peak_bytes(data, 1) < 48 * len(data)


def test_conservation_counts_each_line_once_under_its_sequence_number() -> None:
    store = FakeBucket()
    run(make_transform(FakeFirehose(), store), make_batch(b"\xff\n\xfe", b"\xfd"))
    found = Tally(orjson.loads(line)["event_id"] for line in store.lines)
    assert found == {"key-95": 1, "key-95#2": 1, "key-96": 1}
