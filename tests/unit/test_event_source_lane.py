"""One lane of a shard: when a batch closes, and what becomes of it. One rule of AWS a test."""

from collections.abc import Sequence
from typing import Any

import pytest

from headgate.local.event_source.event import PAYLOAD_BYTES
from headgate.local.event_source.lane import (
    HURRY_S,
    Action,
    Answered,
    Discard,
    Discarded,
    Failed,
    Invoke,
    Lane,
    NotInvoked,
    Outcome,
    Undelivered,
    Wait,
    backoff_s,
)
from headgate.records import Record
from tests.event_source_cases import at, mapping_of, record_of

RETENTION_S = 86_400.0
NUMBERS = range(98, 106)


def lane_of(count: int = 8, **settings: Any) -> Lane:
    lane = Lane(mapping_of(**settings), RETENTION_S)
    for number in NUMBERS[:count]:
        lane.add(record_of(number), 400, at(0))
    return lane


def numbers(records: Sequence[Record]) -> list[int]:
    return [int(record.sequence_number) for record in records]


def step(lane: Lane, outcome: Outcome, now_s: float = 0.0) -> tuple[str, list[int], list[int]]:
    """Let the lane act and settle; return (what it did, on which numbers, which are done)."""
    action = lane.next(at(now_s))
    assert not isinstance(action, Wait), action
    name = action.condition if isinstance(action, Discard) else "Invoke"
    return name, numbers(action.batch.records), numbers(lane.settle(outcome, at(now_s)))


def failed_at(number: object) -> Answered:
    return Answered({"batchItemFailures": [{"itemIdentifier": number}]})


def test_a_batch_holds_at_most_batch_size_records() -> None:
    lane = lane_of(batch_size=3)
    sizes = [len(step(lane, Answered(None))[1]) for _ in range(3)]
    assert sizes == [3, 3, 2]
    assert lane.next(at(1)) == Wait(float("inf"))


def test_a_batch_holds_at_most_six_megabytes() -> None:
    lane = Lane(mapping_of(), RETENTION_S)
    for number in NUMBERS:
        lane.add(record_of(number), PAYLOAD_BYTES // 3, at(0))
    assert [len(step(lane, Answered(None))[1]) for _ in range(4)] == [2, 2, 2, 2]


def test_a_record_that_is_too_heavy_goes_alone() -> None:
    lane = Lane(mapping_of(), RETENTION_S)
    lane.add(record_of(1), PAYLOAD_BYTES + 1, at(0))
    lane.add(record_of(2), 400, at(0))
    assert [step(lane, Answered(None))[1] for _ in range(2)] == [[1], [2]]


def test_without_a_window_a_batch_goes_at_once() -> None:
    assert isinstance(lane_of(1).next(at(0)), Invoke)


def test_a_window_gathers_records_from_the_first_one_on() -> None:
    lane = lane_of(1, batching_window_s=5)
    assert lane.next(at(0)) == Wait(5.0)
    lane.add(record_of(200), 400, at(4))
    assert lane.next(at(4)) == Wait(5.0)
    assert step(lane, Answered(None), 5.0)[1] == [98, 200]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    lane = lane_of(batch_size=8, batching_window_s=300)
    assert isinstance(lane.next(at(0)), Invoke)


def test_a_flush_ends_the_window() -> None:
    assert isinstance(lane_of(1, batching_window_s=300).next(at(0), flush=True), Invoke)


def test_a_lane_does_one_thing_at_a_time() -> None:
    lane = lane_of(batch_size=1)
    assert isinstance(lane.next(at(0)), Invoke)
    assert lane.next(at(0)) == Wait(float("inf"))


@pytest.mark.parametrize("response", [None, {}, failed_at("99").response, "anything"])
def test_t03_a_response_counts_only_when_function_response_types_is_set(response: object) -> None:
    assert step(lane_of(), Answered(response))[2] == list(NUMBERS)


def test_t04_a_function_error_brings_the_same_batch_again_after_a_growing_wait() -> None:
    lane, now_s, waits = lane_of(), 0.0, []
    for _ in range(5):
        assert step(lane, Failed(), now_s) == ("Invoke", list(NUMBERS), [])
        wait = lane.next(at(now_s))
        assert isinstance(wait, Wait)
        waits.append(wait.until_s - now_s)
        now_s = wait.until_s
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert backoff_s(100) == 60.0
    assert step(lane, Answered(None), now_s)[2] == list(NUMBERS)


def test_t04_a_waiting_batch_holds_back_everything_behind_it() -> None:
    lane = lane_of(batch_size=2)
    step(lane, Failed())
    assert isinstance(lane.next(at(0)), Wait)


def test_t02_a_reported_failure_brings_the_rest_again() -> None:
    lane = lane_of(reports_item_failures=True)
    assert step(lane, failed_at("101")) == ("Invoke", list(NUMBERS), [98, 99, 100])
    assert isinstance(lane.next(at(0)), Wait)
    assert step(lane, Answered({}), 1.0)[1] == [101, 102, 103, 104, 105]


@pytest.mark.parametrize(("retries", "invocations"), [(0, 1), (1, 2), (3, 4)])
def test_t05_after_the_last_retry_the_batch_is_given_up(retries: int, invocations: int) -> None:
    lane, now_s = lane_of(2, max_retries=retries), 0.0
    for _ in range(invocations):
        assert step(lane, Failed(), now_s) == ("Invoke", [98, 99], [])
        now_s += 100
    assert step(lane, Discarded(), now_s) == ("RetryAttemptsExhausted", [98, 99], [98, 99])


def test_t05_no_limit_means_until_the_record_expires() -> None:
    lane, now_s = lane_of(1), 0.0
    for _ in range(50):
        assert step(lane, Failed(), now_s)[0] == "Invoke"
        now_s += 60
    assert step(lane, Discarded(), RETENTION_S + 1)[0] == "RecordAgeExceeded"


def test_t05_what_a_reported_failure_leaves_is_given_up_without_what_was_done() -> None:
    lane = lane_of(reports_item_failures=True, max_retries=0)
    step(lane, failed_at("103"))
    assert step(lane, Discarded())[:2] == ("RetryAttemptsExhausted", [103, 104, 105])


def test_t06_records_older_than_the_limit_never_reach_the_function() -> None:
    lane = Lane(mapping_of(max_age_s=60), RETENTION_S)
    lane.add(record_of(1, arrival_s=at(-61).wall_s), 400, at(0))
    lane.add(record_of(2, arrival_s=at(-60).wall_s), 400, at(0))
    assert step(lane, Discarded()) == ("RecordAgeExceeded", [1], [1])
    assert step(lane, Answered(None)) == ("Invoke", [2], [2])


def test_t06_a_batch_that_grows_too_old_between_retries_is_given_up() -> None:
    lane = lane_of(1, max_age_s=60)
    step(lane, Failed())
    assert step(lane, Discarded(), 61.0) == ("RecordAgeExceeded", [98], [98])


def test_t04_bisect_splits_in_two_at_once_and_in_order() -> None:
    lane = lane_of(bisect=True)
    step(lane, Failed())
    assert step(lane, Answered(None)) == ("Invoke", [98, 99, 100, 101], [98, 99, 100, 101])
    assert step(lane, Answered(None)) == ("Invoke", [102, 103, 104, 105], [102, 103, 104, 105])


def test_t04_splitting_does_not_spend_the_retry_quota() -> None:
    lane = lane_of(bisect=True, max_retries=1)
    seen = [step(lane, Failed())[1] for _ in range(4)]
    assert seen == [[98, 99, 100, 101, 102, 103, 104, 105], [98, 99, 100, 101], [98, 99], [98]]
    assert lane.next(at(0)) == Wait(0.5)
    assert step(lane, Failed(), 0.5)[1] == [98]
    assert step(lane, Discarded(), 0.5) == ("RetryAttemptsExhausted", [98], [98])
    assert step(lane, Answered(None), 0.5) == ("Invoke", [99], [99])


def test_t04_with_both_flags_the_split_is_at_the_reported_number() -> None:
    lane = lane_of(bisect=True, reports_item_failures=True, max_retries=0)
    assert step(lane, failed_at("101"))[2] == [98, 99, 100]
    assert step(lane, failed_at("101"))[1] == [101, 102, 103, 104, 105]
    assert step(lane, failed_at("101"))[1] == [101, 102]
    assert step(lane, failed_at("101"))[1] == [101]
    assert step(lane, Discarded())[:2] == ("RetryAttemptsExhausted", [101])
    assert step(lane, Answered({}))[1] == [102]
    assert step(lane, Answered({}))[1] == [103, 104, 105]


def test_a_function_that_could_not_be_started_spends_no_retry_and_splits_nothing() -> None:
    lane, now_s = lane_of(bisect=True, max_retries=0), 0.0
    for _ in range(20):
        assert step(lane, NotInvoked(), now_s) == ("Invoke", list(NUMBERS), [])
        assert isinstance(lane.next(at(now_s)), Wait)
        now_s += 60
    assert step(lane, Answered(None), now_s)[2] == list(NUMBERS)


def test_i11_nothing_is_done_before_the_destination_has_it() -> None:
    lane = lane_of(1, max_retries=0)
    step(lane, Failed())
    assert step(lane, Undelivered()) == ("RetryAttemptsExhausted", [98], [])
    assert lane.next(at(0)) == Wait(0.5)
    assert step(lane, Discarded(), 0.5)[2] == [98]


def test_the_document_counts_the_invocations() -> None:
    lane = lane_of(1, max_retries=2)
    for now_s in (0.0, 1.0, 3.0):
        step(lane, Failed(), now_s)
    action: Action | Wait = lane.next(at(9.0))
    assert isinstance(action, Discard)
    assert (action.batch.invokes, action.batch.function_error) == (3, True)


@pytest.mark.parametrize("outcome", [Failed(), NotInvoked()])
def test_a_stop_waits_a_second_between_tries_however_long_the_back_off_is(outcome: Outcome) -> None:
    lane = lane_of(1, max_retries=-1, bisect=False)
    for failed_s in (0.0, 100.0, 200.0, 300.0, 400.0):  # each after the longest back-off
        assert step(lane, outcome, failed_s)[0] == "Invoke"
    assert lane.next(at(400.0)) == Wait(400.0 + backoff_s(5))
    assert lane.next(at(400.0), hurry=True) == Wait(400.0 + HURRY_S)
    assert isinstance(lane.next(at(400.0 + HURRY_S), hurry=True), Invoke)


def test_a_stop_does_not_lengthen_a_short_back_off() -> None:
    lane = lane_of(1)
    step(lane, NotInvoked())
    assert lane.next(at(0.0), hurry=True) == Wait(backoff_s(1))
