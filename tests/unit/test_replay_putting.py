"""Records go back under their ids, in order, below the limits."""

import pytest

from chalicelib.limits import PARTITION_KEY_MAX_CHARS
from chalicelib.packing import KEY_MARK
from headgate.agent.kpl import KplRecord, aggregate
from headgate.readers.calls import Clock
from headgate.readers.errors import StoppedError
from headgate.readers.putting import Pacer, Returning, StreamSink, ordering_key, returning
from headgate.readers.verdict import verdicts
from headgate.records import Record
from tests.fakes import FakeClock, FakeKinesis

RECEIPT = ("shardId-0", "7", 0.0)


def _sink(
    stream: FakeKinesis, clock: FakeClock, field: str | None = None, rate: float = 1000.0
) -> StreamSink:
    own = Clock(clock.now, clock.now, clock.sleep, lambda: 0.5)
    return StreamSink(stream, Pacer(rate, 1e6), field, own)


def _records(count: int) -> list[Returning]:
    return [Returning(f"key-{n}", b'{"n":%d}\n' % n, *RECEIPT) for n in range(count)]


LONGEST = "k" * (PARTITION_KEY_MAX_CHARS - len(KEY_MARK))


@pytest.mark.parametrize("event_id", ["key", "key#3", "key/4#2", f"{LONGEST}#3"])
def test_one_line_that_goes_back_has_its_old_id(event_id: str) -> None:
    record = returning(event_id, b'{"a":1}', RECEIPT)
    assert len(record.partition_key) <= PARTITION_KEY_MAX_CHARS
    lines = verdicts(Record("1", record.partition_key, record.data, 0.0), "shardId-0", lambda event: event)
    assert [v.event_id for v in lines if v.place == "curated"] == [event_id]


def test_an_aggregated_record_goes_back_as_it_was() -> None:
    data = aggregate([KplRecord("a", b"1")])
    assert returning("key", data, RECEIPT).data == data


def test_the_rate_holds_on_average() -> None:
    clock = FakeClock()
    stream = FakeKinesis(clock=clock, took_s=0.0)
    started_s = clock.now_s
    _sink(stream, clock, rate=100.0).put(_records(1000))
    assert len(stream.lines) == 1000
    assert 8.9 <= clock.now_s - started_s <= 10.1


def test_bytes_are_paced_as_well() -> None:
    pacer = Pacer(1e9, 1000.0)
    assert pacer.wait_s(0.0, 1, 5000) == 0.0
    assert pacer.wait_s(1.0, 1, 1000) == 4.0
    assert pacer.wait_s(99.0, 1, 1000) == 0.0


def test_what_was_throttled_is_put_again_and_nothing_twice() -> None:
    clock = FakeClock()
    stream = FakeKinesis(["throttled", "stored", "unavailable"] * 20, clock)
    _sink(stream, clock).put(_records(50))
    assert sorted(stream.lines) == sorted(record.data.rstrip() for record in _records(50))


def test_records_of_one_ordering_key_are_never_in_flight_together() -> None:
    clock = FakeClock()
    stream = FakeKinesis(clock=clock)
    records = [Returning(f"key-{n}", b'{"id":"x","n":%d}\n' % n, *RECEIPT) for n in range(3)]
    _sink(stream, clock, "/id").put(records)
    assert [len(entries) for entries in stream.calls] == [1, 1, 1]
    assert stream.lines == [record.data.rstrip() for record in records]
    # As ingest: the MD5 of the key's text.
    assert {e.explicit_hash_key for _, e in stream.stored} == {str(0x9DD4E461268C8034F5C8564E155C67A6)}


def test_the_ordering_key_is_the_first_events() -> None:
    assert ordering_key(b'\n{"id":7}\n{"id":8}\n', "/id") == "7"
    assert ordering_key(b"plain", "/id") is None
    assert ordering_key(b'{"id":7}', None) is None


def test_a_stream_that_refuses_for_good_stops_the_replay() -> None:
    clock = FakeClock()
    with pytest.raises(StoppedError, match=r"KMSAccessDeniedException.*the same command goes on"):
        _sink(FakeKinesis(["misconfigured"], clock), clock).put(_records(1))


def test_a_stream_that_stays_throttled_stops_the_replay_after_a_minute() -> None:
    clock = FakeClock()
    with pytest.raises(StoppedError):
        _sink(FakeKinesis(["throttled"] * 10_000, clock), clock).put(_records(1))
    assert sum(clock.slept_s) <= 120
