"""The same seed and the same sequence of calls give the same faults."""

from itertools import pairwise

from headgate.local.faults import Faults, parse_faults
from headgate.local.faults.services import jumping_clock


def sequence(text: str, name: str, calls: int = 200) -> list[bool]:
    faults = Faults(parse_faults(text))
    return [faults.strikes(name) for _ in range(calls)]


def test_a_seed_repeats_itself_and_another_one_does_not() -> None:
    assert sequence("reset=0.5,seed=1", "reset") == sequence("reset=0.5,seed=1", "reset")
    assert sequence("reset=0.5,seed=1", "reset") != sequence("reset=0.5,seed=2", "reset")


def test_one_fault_does_not_move_the_others() -> None:
    alone = sequence("reset=0.5,seed=1", "reset")
    faults = Faults(parse_faults("reset=0.5,throttle=0.9,seed=1"))
    beside = []
    for _ in range(200):
        faults.strikes("throttle")
        faults.share("throttle")
        beside.append(faults.strikes("reset"))
    assert beside == alone


def test_what_is_off_never_strikes_and_what_is_sure_always_does() -> None:
    assert not any(sequence("reset=0.5", "throttle"))
    assert all(sequence("reset=1", "reset"))


def test_an_outage_lasts_for_its_calls() -> None:
    faults = Faults(parse_faults("s3_down=0.05:4,seed=3"))
    hits = "".join("x" if faults.lasts("s3_down") else "." for _ in range(2000))
    runs = [len(run) for run in hits.split(".") if run]
    assert runs
    assert all(run >= 4 for run in runs[:-1])
    assert faults.counts["s3_down"] == hits.count("x")


def test_a_change_begins_the_new_sequence_and_keeps_the_count() -> None:
    faults = Faults(parse_faults("reset=1"))
    faults.strikes("reset")
    faults.change(parse_faults("expired=0.5,seed=9"))
    assert [faults.strikes("expired") for _ in range(200)] == sequence("expired=0.5,seed=9", "expired")
    assert not faults.strikes("reset")
    assert faults.counts["reset"] == 1


def test_a_jumping_clock_goes_to_and_fro_but_never_behind_the_true_time() -> None:
    faults = Faults(parse_faults("clock=0.5:30,seed=5"))
    clock = jumping_clock(lambda: 1000.0, faults)
    times = [clock() for _ in range(200)]
    assert all(1000.0 <= now_s <= 1030.0 for now_s in times)
    assert any(later < earlier for earlier, later in pairwise(times))
    assert jumping_clock(lambda: 5.0, Faults(parse_faults("")))() == 5.0
