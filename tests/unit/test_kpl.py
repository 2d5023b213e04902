"""Aggregated records of the KPL are taken apart as AWS's own consumers do it, damaged ones never (T14)."""

import hashlib
import json
import tracemalloc
from base64 import b64decode
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import kpl
from chalicelib.curate import Quarantined, curate
from chalicelib.hook import hook as no_hook
from headgate.agent.kpl import KplRecord, aggregate
from tests.makers import make_record

# Made with AWS's own aggregator, whose classes need a protobuf of before 2022, so it is no requirement.
CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "kpl-aggregated.json").read_text("utf-8")
)["cases"]
GOOD = aggregate([KplRecord("a", b'{"n":1}\n'), KplRecord("b", b'{"n":2}\n{"n":3}', "7")])


def signed(message: bytes) -> bytes:
    return kpl.MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


def ends(data: bytes, **changes: Any) -> list[Any]:
    record = make_record(data, 42)
    record["kinesis"].update(changes)
    return [
        (end.code, orjson.loads(end.line)) if isinstance(end, Quarantined) else orjson.loads(end)
        for end in curate(record, no_hook, "1")
        if not isinstance(end, tuple) or isinstance(end, Quarantined)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_t14_what_awss_aggregator_made_is_taken_apart_as_awss_deaggregator_does(case: Any) -> None:
    found = kpl.take_apart(b64decode(case["aggregated"]))
    assert found is not None
    assert list(found) == [b64decode(record) for record in case["records"]]


@given(st.lists(st.tuples(st.text(min_size=1, max_size=3), st.binary(max_size=200)), max_size=20))
def test_t14_every_user_record_comes_back_in_its_order(records: list[tuple[str, bytes]]) -> None:
    data = aggregate([KplRecord(key, each, "1" if len(key) == 1 else None) for key, each in records])
    assert list(kpl.take_apart(data) or ()) == [each for _, each in records]


def test_t14_user_records_are_events_with_ids_of_shard_number_and_place() -> None:
    """Keys inside are no ids, and a foreign outer key is none either; ours is, so a repeat keeps its ids."""
    foreign = [line["event_id"] for line in ends(GOOD, partitionKey="a")]
    place = "shardId-000000000000:42"
    assert foreign == [f"{place}.0", f"{place}.1", f"{place}.1#2"]
    ours = [line["event_id"] for line in ends(GOOD, partitionKey="hg1:batch")]
    assert ours == ["batch.0", "batch.1", "batch.1#2"]


def test_t14_one_bad_user_record_does_not_take_the_others_with_it() -> None:
    data = aggregate([KplRecord("a", b'{"n":1}'), KplRecord("a", b"\xff"), KplRecord("a", b"raw")])
    first, (code, bad), last = ends(data)
    assert (first["event"], code, last["event"]) == ({"n": 1}, "InvalidUtf8", {"message": "raw"})
    assert bad["event_id"] == "key.1"


@pytest.mark.parametrize(
    "data",
    [
        GOOD[:-1],
        GOOD + b"\n",
        GOOD[:9] + b"x" + GOOD[10:],
        kpl.MAGIC,
        kpl.MAGIC + b"\x00" * 16,
        signed(b"\x1a\x03\x08\x00"),  # a length beyond the end
        signed(b"\x0a\x01a\x1a\x05\x08\x01\x1a\x01x"),  # a key index beyond the table
        signed(b"\x0a\x01a\x1a\x07\x08\x00\x10\x00\x1a\x01x"),  # an explicit hash key without a table
        signed(b"\x0a\x01a\x1a\x03\x1a\x01x"),  # no key index: the field is required
        signed(b"\x0a\x01a\x1a\x02\x08\x00"),  # no data: the field is required
        signed(b"\x0b"),  # a group
        signed(b"\x02\x00"),  # field number 0
        signed(b"\x80" * 11),  # a number that does not end
        signed(b"\x0d\x00"),  # a fixed 32-bit number that is cut off
    ],
)
def test_t14_a_damaged_aggregated_record_is_quarantined_whole(data: bytes) -> None:
    ((code, line),) = ends(data)
    assert code == "AggregatedRecord"
    assert b64decode(line["line_base64"]) == data


@given(st.binary(max_size=60), st.booleans())
def test_i7_any_bytes_behind_the_magic_number_have_an_end(message: bytes, sign: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    data = signed(message) if sign else kpl.MAGIC + message
    found = kpl.take_apart(data)
    if found is None:
        ((code, line),) = ends(data)
        assert (code, b64decode(line["line_base64"])) == ("AggregatedRecord", data)
    else:
        records = list(found)
        assert len(ends(data)) >= sum(1 for each in records if each.strip())


def test_i6_one_user_record_is_held_at_a_time() -> None:
    """A record of 1 MiB holds up to 170,000 user records; a list of them would not be small."""
    record = b"\x1a\x04\x08\x00\x1a\x00"
    data = signed(b"\x0a\x01a" + record * 20_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in kpl.take_apart(data) or ()) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 3 * len(data)
    finally:
        tracemalloc.stop()
