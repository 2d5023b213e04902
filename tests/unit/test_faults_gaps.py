"""What mutations of the pure core once survived; docs/mutation.md has the list."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib import envelope
from chalicelib.packing import event_id, explicit_hash_key
from chalicelib.retry import Done, Failure, Item, Policy, Retry, Send, Success, Wait

PASSING = Failure("Unavailable", passing=True)
SECOND_WAITS = Policy(max_items=1, max_bytes=10, call_s=0.0, max_attempts=100, base_s=1.0, cap_s=1.0)


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows another zone."""
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_from_greenwich")
def test_received_at_is_utc_in_any_zone() -> None:
    assert envelope.received_at(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"


def test_the_envelope_says_which_shard_and_which_record() -> None:
    origin = envelope.origin(1_700_000_000.25, "shardId-7", "42")
    assert envelope.wrap("id", "tip", b"{}", origin) == (
        b'{"event_id":"id","received_at":"2023-11-14T22:13:20.250Z","type":"tip",'
        b'"shard_id":"shardId-7","sequence_number":"42","event":{}}\n'
    )


def test_records_that_arrived_in_one_second_share_its_text() -> None:
    envelope._second.cache_clear()
    texts = {envelope.received_at(1_700_000_000 + millis / 1000) for millis in range(1000)}
    assert (len(texts), envelope._second.cache_info().misses) == (1000, 1)


def test_only_the_first_line_of_a_record_has_the_partition_key_itself_as_its_id() -> None:
    assert [event_id("key", number) for number in (1, 2, 3)] == ["key", "key#2", "key#3"]


@pytest.mark.parametrize(
    ("ordering_key", "md5"),
    [
        ("", 0xD41D8CD98F00B204E9800998ECF8427E),
        ("가", 0xC0C6E70680BF5A0ABF36C4A5B1F3A1B2),
        ("\ud800", 0x546D3DC8DE10FBF8B448F678A47901E4),  # of the bytes ed a0 80
    ],
)
def test_any_text_has_its_place_in_the_hash_range(ordering_key: str, md5: int) -> None:
    assert explicit_hash_key(ordering_key) == str(md5)


def waits(budget_s: float) -> list[float]:
    """The waits of one item that always fails, until it is given up."""
    policy = replace(SECOND_WAITS, wait_budget_s=budget_s)
    machine = Retry([Item(1)], policy, lambda: 1.0)
    now_s, found = 0.0, []
    while not isinstance(step := machine.step(now_s), Done):
        if isinstance(step, Wait):
            found.append(step.seconds)
            now_s += step.seconds
        else:
            machine.report(now_s, [PASSING])
    assert machine.waited_s == sum(found)
    return found


def test_the_budget_is_of_all_waits_together() -> None:
    assert waits(2.5) == [1.0, 1.0]


def test_a_wait_that_uses_the_budget_up_is_still_taken() -> None:
    assert waits(3.0) == [1.0, 1.0, 1.0]


def test_outcomes_without_a_send_are_refused_also_after_a_send() -> None:
    machine = Retry([Item(1)], SECOND_WAITS, lambda: 1.0)
    assert machine.step(0.0) == Send((0,))
    machine.report(0.0, [PASSING])
    with pytest.raises(RuntimeError, match="1 outcomes for 0 items"):
        machine.report(0.0, [Success()])


def test_a_machine_says_which_call_is_out_of_turn() -> None:
    machine = Retry([Item(1)], SECOND_WAITS, lambda: 1.0)
    with pytest.raises(RuntimeError, match="1 outcomes for 0 items"):
        machine.report(0.0, [PASSING])
    machine.step(0.0)
    with pytest.raises(RuntimeError, match=r"^report the outcomes of the last Send first$"):
        machine.step(0.0)
