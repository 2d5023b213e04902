"""A batch ends with all in its place, or with the first record that is not done (T01 to T03, T07 to T12)."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from chalicelib import limits
from chalicelib.errors import Drop
from tests.fakes import FakeBucket, FakeClock, FakeCounter, FakeFirehose
from tests.makers import make_batch, make_transform, run

ALL_DONE: dict[str, Any] = {"batchItemFailures": []}
BAD = b"\xff"


def back_from(number: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": str(number)}]}


def event(number: int) -> bytes:
    return b'{"n":%d}\n' % number


def test_a_good_batch_is_packed_into_one_record_and_nothing_is_handed_back() -> None:
    delivery, store, counter = FakeFirehose(), FakeBucket(), FakeCounter()
    answer = run(make_transform(delivery, store), make_batch(event(1), event(2) + event(3)), counter=counter)
    assert answer == ALL_DONE
    assert len(delivery.delivered) == 1
    assert [orjson.loads(line)["event_id"] for line in delivery.lines] == ["key-95", "key-96", "key-96#2"]
    assert store.writes == []
    assert counter.totals["LinesCurated"] == 3


def test_t01_bad_lines_go_to_one_object_named_by_shard_and_sequence_numbers() -> None:
    delivery, store, counter = FakeFirehose(), FakeBucket(), FakeCounter()
    answer = run(
        make_transform(delivery, store), make_batch(event(1), BAD, b"\n", event(2), BAD), counter=counter
    )
    assert answer == ALL_DONE
    ((bucket, key, body),) = store.writes
    assert bucket == "headgate-dev-123456789012-us-east-1"
    assert key == "quarantine/2023/11/14/22/shardId-000000000000-95-99.ndjson"
    assert [orjson.loads(line)["sequence_number"] for line in body.splitlines()] == ["96", "99"]
    assert counter.reasons["LinesQuarantined", "InvalidUtf8"] == 2
    assert counter.reasons["LinesDropped", "BlankLine"] == 1


def test_t09_only_the_failed_records_of_a_call_are_sent_again() -> None:
    delivery = FakeFirehose(["stored", "unavailable", "stored"])
    answer = run(
        make_transform(delivery, FakeBucket(), pack_bytes=0), make_batch(event(1), event(2), event(3))
    )
    assert answer == ALL_DONE
    assert [len(call) for call in delivery.calls] == [3, 1]
    assert delivery.calls[1] == [delivery.calls[0][1]]


def test_t02_t03_what_firehose_does_not_take_is_handed_back_from_the_lowest_record_on() -> None:
    delivery, counter = FakeFirehose(["stored", "misconfigured", "stored", "misconfigured"]), FakeCounter()
    batch = make_batch(*map(event, range(4)))
    answer = run(make_transform(delivery, FakeBucket(), pack_bytes=0), batch, counter=counter)
    assert answer == back_from(96)
    assert counter.totals["RecordsHandedBack"] == 3
    assert counter.totals["LinesCurated"] == 1
    assert counter.reasons["DeliveriesFailed", "KMSAccessDeniedException"] == 2


def test_t02_records_with_only_bad_or_blank_lines_do_not_move_the_lowest_undone_one() -> None:
    delivery, store = FakeFirehose(["misconfigured"]), FakeBucket()
    answer = run(make_transform(delivery, store), make_batch(BAD, b"\n", event(1), BAD))
    assert answer == back_from(97)
    assert [orjson.loads(line)["sequence_number"] for line in store.lines] == ["95"]


def test_t02_a_quarantine_that_cannot_be_written_hands_back_its_first_record() -> None:
    delivery, store, counter = FakeFirehose(), FakeBucket(["misconfigured"]), FakeCounter()
    answer = run(make_transform(delivery, store), make_batch(event(1), BAD, event(2), BAD), counter=counter)
    assert answer == back_from(96)
    assert counter.reasons["QuarantineFailed", "KMSAccessDeniedException"] == 1
    assert counter.totals["LinesQuarantined"] == 0


def test_t03_the_identifier_is_a_sequence_number_of_the_batch() -> None:
    batch = make_batch(event(1))
    answer = run(make_transform(FakeFirehose(["misconfigured"]), FakeBucket()), batch)
    assert (
        answer["batchItemFailures"][0]["itemIdentifier"] == batch["Records"][0]["kinesis"]["sequenceNumber"]
    )


@pytest.mark.parametrize("seconds", [0.0, 4.9])
def test_k12_without_time_for_a_call_the_whole_batch_is_handed_back(seconds: float) -> None:
    delivery, store = FakeFirehose(), FakeBucket()
    assert run(make_transform(delivery, store), make_batch(event(1), BAD), seconds) == back_from(95)
    assert (delivery.calls, store.writes) == ([], [])


def test_k02_a_throttled_delivery_stream_is_waited_for_within_a_budget() -> None:
    clock, delivery = FakeClock(), FakeFirehose(["throttled"] * 99)
    assert run(make_transform(delivery, FakeBucket(), clock=clock), make_batch(event(1)), 110) == back_from(
        95
    )
    assert sum(clock.slept_s) <= 20.0
    assert 1 < len(delivery.calls) <= 8


def test_t07_running_a_batch_again_writes_the_same_bytes_under_the_same_name() -> None:
    batch = make_batch(event(1), BAD, b'{"n":1.10}', b"raw line")
    runs = []
    for _ in range(2):
        delivery, store = FakeFirehose(), FakeBucket()
        run(make_transform(delivery, store), batch)
        runs.append((delivery.delivered, store.writes))
    assert runs[0] == runs[1]


def test_t10_the_largest_lines_go_one_by_one_and_calls_keep_the_limits() -> None:
    delivery = FakeFirehose()  # which asserts them
    large = b'{"a":"' + b"x" * (limits.EVENT_MAX_BYTES - 8) + b'"}'
    assert run(make_transform(delivery, FakeBucket()), make_batch(*[large] * 6)) == ALL_DONE
    assert len(delivery.delivered) == 6


def test_t12_a_batch_of_ten_thousand_records_is_a_few_calls() -> None:
    delivery = FakeFirehose()
    assert run(make_transform(delivery, FakeBucket()), make_batch(*map(event, range(10_000)))) == ALL_DONE
    assert len(delivery.lines) == 10_000
    assert len(delivery.calls) <= 2


def test_i1_t12_a_record_of_more_lines_than_one_piece_is_whole_in_curated_and_in_quarantine() -> None:
    delivery, store, counter = FakeFirehose(), FakeBucket(), FakeCounter()
    count = limits.SLICE_LINES
    answer = run(make_transform(delivery, store), make_batch(b"{}\n" + b"a\n\xff\n" * count), counter=counter)
    assert answer == ALL_DONE
    assert (len(delivery.lines), len(store.lines)) == (count + 1, count)
    assert len({orjson.loads(line)["event_id"] for line in delivery.lines + store.lines}) == 2 * count + 1
    assert len(store.objects) == len(store.writes) > 1
    assert (counter.totals["LinesCurated"], counter.totals["LinesQuarantined"]) == (count + 1, count)


def test_t02_a_later_piece_that_fails_hands_back_its_record_and_the_rest() -> None:
    delivery = FakeFirehose(["stored"] * 60 + ["misconfigured"] * 600)
    datas = [event(1) * (limits.SLICE_LINES // 2)] * 4
    answer = run(make_transform(delivery, FakeBucket(), pack_bytes=40_000), make_batch(*datas))
    handed_back = int(answer["batchItemFailures"][0]["itemIdentifier"])
    delivered = {orjson.loads(line)["sequence_number"] for line in delivery.lines}
    assert 95 < handed_back <= 98
    assert {str(number) for number in range(95, handed_back)} <= delivered


def dropping(value: dict[str, Any]) -> dict[str, Any] | None:
    if value["n"] % 2:
        raise Drop("Odd")
    return None if value["n"] == 4 else value


def test_i9_every_dropped_line_is_noted_with_its_reason_and_nothing_of_its_text() -> None:
    delivery, store, counter = FakeFirehose(), FakeBucket(), FakeCounter()
    batch = make_batch(event(1) + b"\n" + event(2), BAD, event(4), event(6))
    assert run(make_transform(delivery, store, dropping), batch, counter=counter) == ALL_DONE
    (_, first, _), (_, key, body) = store.writes
    assert first == "quarantine/2023/11/14/22/shardId-000000000000-95-98.ndjson"
    assert key == "dropped/2023/11/14/22/shardId-000000000000-95-98.ndjson"
    assert [orjson.loads(line) for line in body.splitlines()] == [
        {
            "event_id": event_id,
            "received_at": "2023-11-14T22:13:20.250Z",
            "shard_id": "shardId-000000000000",
            "sequence_number": number,
            "line_number": 1,
            "reason": reason,
            "version": "1.2.3",
        }
        for event_id, number, reason in (("key-95", "95", "Odd"), ("key-97", "97", "DroppedByHook"))
    ]
    assert counter.reasons["LinesDropped", "Odd"] == 1
    assert [orjson.loads(line)["event_id"] for line in delivery.lines] == ["key-95#3", "key-98"]


def test_blank_lines_are_no_events_and_leave_no_note() -> None:
    store = FakeBucket()
    assert run(make_transform(FakeFirehose(), store, dropping), make_batch(b"\n\n", event(2))) == ALL_DONE
    assert store.writes == []


def test_t02_notes_that_cannot_be_written_hand_back_their_first_record() -> None:
    store, counter = FakeBucket(["misconfigured"]), FakeCounter()
    transform = make_transform(FakeFirehose(), store, dropping)
    batch = make_batch(event(2), event(1), event(2), event(3))
    assert run(transform, batch, counter=counter) == back_from(96)
    assert counter.totals["DroppedFailed"] == 1
    assert counter.totals["LinesDropped"] == 0, "they are counted when they come again"
    again = {"Records": batch["Records"][1:]}
    assert run(transform, again) == run(transform, again) == ALL_DONE
    assert len(store.objects) == 1, "a repeated run overwrites its own object"


@pytest.mark.parametrize("reason", ["", "two words", "x" * 65, "mail=a@b.c", "\n", "가"])
def test_i10_a_reason_that_could_hold_an_events_text_is_refused_and_the_line_is_kept(reason: str) -> None:
    def hook(_: dict[str, Any]) -> None:
        raise Drop(reason)

    store, counter = FakeBucket(), FakeCounter()
    assert run(make_transform(FakeFirehose(), store, hook), make_batch(event(1)), counter=counter) == ALL_DONE
    ((_, key, body),) = store.writes
    assert key.startswith("quarantine/")
    assert orjson.loads(body)["code"] == "HookFailed"
    assert orjson.loads(body)["line"] == '{"n":1}'


def test_a_stage_with_a_columnar_format_gets_the_event_as_a_string_of_its_bytes() -> None:
    delivery = FakeFirehose()
    transform = replace(make_transform(delivery, FakeBucket()), event_as_text=True)
    text = b'{"a":1,"a":2,"n": 1.50,"q":"\\"\xea\xb0\x80","type":"t"}'
    assert run(transform, make_batch(text + b"\n" + b"raw log\n")) == ALL_DONE
    first, second = (orjson.loads(line) for line in delivery.lines)
    assert (first["event"].encode(), first["type"]) == (text, "t")
    assert second["event"] == '{"message":"raw log"}'
