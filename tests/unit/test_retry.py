"""The retry machine, rule by rule (K01, K02, K04, K12, T09)."""

import math
from dataclasses import replace

import pytest

from chalicelib.retry import NOT_ATTEMPTED, Done, Failure, Item, Outcome, Policy, Retry, Send, Success, Wait

BUSY = Failure("Throttled", passing=True)
BROKEN = Failure("Misconfigured", passing=False)
OK = Success("receipt")
POLICY = Policy(
    max_items=10, max_bytes=100, call_s=1.0, max_attempts=5, base_s=1.0, cap_s=4.0, wait_budget_s=100.0
)


def make_machine(
    items: list[Item], jitter: float = 1.0, deadline_s: float = math.inf, **changes: float
) -> Retry:
    return Retry(items, replace(POLICY, **changes), lambda: jitter, deadline_s)  # type: ignore[arg-type]


def send(machine: Retry, now_s: float, *outcomes: Outcome) -> tuple[int, ...]:
    """Report these outcomes for what the machine wants to send now."""
    step = machine.step(now_s)
    assert isinstance(step, Send)
    machine.report(now_s, outcomes)
    return step.indexes


def wait(machine: Retry, now_s: float) -> float:
    step = machine.step(now_s)
    assert isinstance(step, Wait)
    return step.seconds


def test_nothing_to_send_is_done_at_once() -> None:
    assert make_machine([]).step(0) == Done()


def test_k01_t09_only_what_failed_is_sent_again() -> None:
    machine = make_machine([Item(1)] * 3)
    assert send(machine, 0, OK, BUSY, OK) == (0, 1, 2)
    assert send(machine, 9, OK) == (1,)
    assert machine.step(9) == Done()
    assert machine.outcomes == [OK, OK, OK]
    assert machine.retried == 1


def test_k01_a_failure_for_good_is_never_sent_again() -> None:
    machine = make_machine([Item(1)] * 2)
    send(machine, 0, BROKEN, OK)
    assert machine.step(0) == Done()
    assert machine.outcomes == [BROKEN, OK]


def test_k05_calls_respect_both_caps_and_a_larger_item_goes_alone() -> None:
    machine = make_machine([Item(60), Item(40), Item(1), Item(200), Item(1)], max_items=3)
    assert send(machine, 0, OK, OK) == (0, 1)
    assert send(machine, 0, OK) == (2,)
    assert send(machine, 0, OK) == (3,)
    assert send(machine, 0, OK) == (4,)
    by_count = make_machine([Item(1)] * 5, max_items=2)
    assert [send(by_count, 0, OK, OK), send(by_count, 0, OK, OK), send(by_count, 0, OK)] == [
        (0, 1),
        (2, 3),
        (4,),
    ]


def test_k02_the_bound_of_the_wait_doubles_up_to_the_cap_and_jitter_takes_its_share() -> None:
    machine = make_machine([Item(1)], max_attempts=math.inf)
    now_s = 0.0
    waits_s: list[float] = []
    for _ in range(5):
        send(machine, now_s, BUSY)
        waits_s.append(wait(machine, now_s))
        now_s += waits_s[-1]
    assert waits_s == [1.0, 2.0, 4.0, 4.0, 4.0]
    half = make_machine([Item(1)], jitter=0.5)
    send(half, 0, BUSY)
    assert wait(half, 0) == 0.5


def test_k02_a_call_without_a_passing_failure_starts_the_doubling_anew() -> None:
    machine = make_machine([Item(1)] * 3, max_items=1)
    send(machine, 0, BUSY)
    send(machine, 1, BUSY)
    send(machine, 3, OK)
    send(machine, 3, BUSY)
    assert wait(machine, 3) == 1.0


def test_g04_retry_after_is_a_floor_of_the_wait() -> None:
    machine = make_machine([Item(1)] * 2, jitter=0.1)
    send(machine, 0, BUSY, Failure("Throttled", passing=True, retry_after_s=7.5))
    assert wait(machine, 0) == 7.5
    assert wait(machine, 7) == 0.5


def test_the_attempts_of_each_item_are_bounded() -> None:
    machine = make_machine([Item(1)] * 2, jitter=0.0, max_attempts=2)
    send(machine, 0, BUSY, BROKEN)
    send(machine, 0, BUSY)
    assert machine.step(0) == Done()
    assert machine.outcomes == [BUSY, BROKEN]


def test_k07_a_call_that_got_something_through_costs_no_attempt() -> None:
    machine = make_machine([Item(1)] * 4, jitter=0.0, max_attempts=1)
    send(machine, 0, OK, BUSY, BUSY, BUSY)
    send(machine, 0, BUSY, OK, BUSY)
    assert isinstance(machine.step(0), Send)
    machine.report(0, [BUSY, BUSY])
    assert machine.step(0) == Done()
    assert machine.outcomes == [OK, BUSY, OK, BUSY]
    assert machine.retried == 5


def test_k07_a_call_that_got_something_through_gives_no_attempt_back() -> None:
    machine = make_machine([Item(1)] * 2, jitter=0.0, max_attempts=2)
    send(machine, 0, BUSY, BUSY)
    send(machine, 0, OK, BUSY)
    send(machine, 0, BUSY)
    assert machine.step(0) == Done()
    assert machine.outcomes == [OK, BUSY]


def test_k07_after_a_call_that_got_something_through_the_bound_of_the_wait_doubles_all_the_same() -> None:
    machine = make_machine([Item(1)] * 3)
    send(machine, 0, OK, BUSY, BUSY)
    assert wait(machine, 0) == 1.0
    send(machine, 1, OK, BUSY)
    assert wait(machine, 1) == 2.0


def test_k02_waiting_beyond_the_budget_is_given_up_before_it_begins() -> None:
    machine = make_machine([Item(1)] * 2, max_items=1, wait_budget_s=2.9)
    send(machine, 0, BUSY)
    send(machine, 1, BUSY)
    assert machine.step(1) == Done()
    assert machine.waited_s == 1.0
    assert machine.outcomes == [BUSY, Failure(NOT_ATTEMPTED, passing=True)]


@pytest.mark.parametrize(("now_s", "started"), [(8.9, True), (9.0, True), (9.1, False)])
def test_k12_a_call_that_could_outlive_the_deadline_is_not_started(now_s: float, *, started: bool) -> None:
    machine = make_machine([Item(1)], deadline_s=10.0)
    assert isinstance(machine.step(now_s), Send) is started


def test_k12_a_wait_after_which_no_call_can_finish_is_not_begun() -> None:
    machine = make_machine([Item(1)], deadline_s=1.9)
    send(machine, 0, BUSY)
    assert machine.step(0) == Done()


def test_i4_items_of_one_key_go_one_at_a_time_and_others_do_not_wait() -> None:
    machine = make_machine([Item(1, "a"), Item(1, "a"), Item(1, "b"), Item(1), Item(1)])
    assert send(machine, 0, BUSY, OK, OK, OK) == (0, 2, 3, 4)
    assert send(machine, 1, OK) == (0,)
    assert send(machine, 1, OK) == (1,)


@pytest.mark.parametrize("key", ["a", ""])
def test_i4_after_one_of_a_key_is_given_up_the_later_ones_are_not_sent(key: str) -> None:
    machine = make_machine([Item(1, key), Item(1, key), Item(1, "other")], max_attempts=1, jitter=0.0)
    assert send(machine, 0, BUSY, BROKEN) == (0, 2)
    assert machine.step(0) == Done()
    assert machine.outcomes == [BUSY, Failure(NOT_ATTEMPTED, passing=True), BROKEN]


def test_i4_an_item_that_fails_for_good_does_not_hold_up_its_key() -> None:
    machine = make_machine([Item(1, "a"), Item(1, "a")])
    send(machine, 0, BROKEN)
    assert send(machine, 0, OK) == (1,)


def test_a_driver_that_reports_wrongly_is_told() -> None:
    machine = make_machine([Item(1)] * 2)
    machine.step(0)
    with pytest.raises(RuntimeError, match="report"):
        machine.step(0)
    with pytest.raises(RuntimeError, match="1 outcomes for 2"):
        machine.report(0, [OK])
