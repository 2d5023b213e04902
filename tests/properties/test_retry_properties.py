"""The retry machine against a receiver that fails at random (I3, I4, I6, I8, K01, K02, K03, K12, T09)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.retry import NOT_ATTEMPTED, Failure, Item, Outcome, Policy, Retry, Success, drive
from tests.fakes import FAULTS, PASSING_FAULTS, FakeClock, Script

KEYS = st.sampled_from([None, None, "", "a", "b"])
ITEMS = st.lists(st.builds(Item, st.integers(1, 60), KEYS), max_size=25)
POLICIES = st.builds(
    Policy,
    max_items=st.integers(1, 8),
    max_bytes=st.integers(60, 200),
    call_s=st.floats(0.1, 5.0),
    max_attempts=st.integers(1, 6),
    base_s=st.floats(0.01, 1.0),
    cap_s=st.floats(0.5, 5.0),
    wait_budget_s=st.floats(0.0, 20.0),
)


@dataclass
class Receiver:
    """Takes calls, keeps what it got, and knows when each call began."""

    clock: FakeClock
    script: Script
    call_s: float
    calls: list[tuple[int, ...]] = field(default_factory=list)
    ended_s: list[float] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    in_vain: list[bool] = field(default_factory=list)

    def send(self, indexes: tuple[int, ...]) -> Sequence[Outcome]:
        self.calls.append(indexes)
        self.clock.now_s += self.call_s  # the longest that a call may take
        self.ended_s.append(self.clock.now_s)

        def keep(index: int) -> str:
            self.stored.append(index)
            return f"receipt-{index}"

        outcomes = [self.script.meet(lambda index=index: keep(index)) for index in indexes]  # type: ignore[misc]
        self.in_vain.append(not any(isinstance(outcome, Success) for outcome in outcomes))
        return outcomes


def deliver(
    items: list[Item], policy: Policy, faults: list[str], shares: list[float], seconds: float
) -> tuple[Retry, Receiver]:
    clock = FakeClock()
    receiver = Receiver(clock, Script(faults), policy.call_s)
    jitter = iter(shares * 1000)
    machine = Retry(items, policy, lambda: next(jitter), clock.now_s + seconds)
    assert drive(machine, receiver.send, clock.now, clock.sleep) is machine.outcomes
    return machine, receiver


RUNS = st.tuples(
    ITEMS,
    POLICIES,
    st.lists(st.sampled_from(FAULTS), max_size=60),
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5),
    st.floats(0.0, 200.0),
)
Run = tuple[list[Item], Policy, list[str], list[float], float]


@given(RUNS)
def test_k01_t09_every_item_has_an_outcome_that_is_true(run: Run) -> None:
    machine, receiver = deliver(*run)
    sent = {index for call in receiver.calls for index in call}
    for index, outcome in enumerate(machine.outcomes):
        if isinstance(outcome, Success):
            assert outcome.receipt == f"receipt-{index}"
            assert index in receiver.stored
        else:
            assert (outcome.code == NOT_ATTEMPTED) == (index not in sent)


@given(RUNS)
def test_k01_nothing_is_sent_again_after_its_success_or_its_end(run: Run) -> None:
    _, policy, *_ = run
    machine, receiver = deliver(*run)
    times = [sum(index in call for call in receiver.calls) for index in range(len(run[0]))]
    for index in range(len(run[0])):
        mine = [vain for call, vain in zip(receiver.calls, receiver.in_vain, strict=True) if index in call]
        assert sum(mine) <= policy.max_attempts
        # A call that got something through is one of at most so many.
        assert len(mine) <= policy.max_attempts + len(run[0])
    assert machine.retried == sum(max(0, count - 1) for count in times)
    if "lost" not in run[2]:
        assert len(receiver.stored) == len(set(receiver.stored))


@given(ITEMS, POLICIES, st.lists(st.sampled_from(PASSING_FAULTS), max_size=40))
def test_i2_with_time_and_patience_everything_is_delivered(
    items: list[Item], policy: Policy, faults: list[str]
) -> None:
    patient = Policy(policy.max_items, policy.max_bytes, policy.call_s, max_attempts=1e9, wait_budget_s=1e9)
    machine, receiver = deliver(items, patient, faults, [1.0, 0.5], 1e9)
    assert all(isinstance(outcome, Success) for outcome in machine.outcomes)
    assert set(receiver.stored) == set(range(len(items)))
    assert len(receiver.stored) - len(items) <= faults.count("lost")


@given(RUNS)
def test_i4_the_order_inside_a_key_is_kept_and_two_of_one_are_never_in_flight(run: Run) -> None:
    items = run[0]
    _, receiver = deliver(*run)
    for call in receiver.calls:
        keys = [items[index].ordering_key for index in call if items[index].ordering_key is not None]
        assert len(keys) == len(set(keys))
    for key in ("", "a", "b"):
        of_key = [index for index in receiver.stored if items[index].ordering_key == key]
        assert of_key == sorted(of_key)


@given(RUNS)
def test_i4_one_that_was_given_up_while_passing_ends_its_key(run: Run) -> None:
    items = run[0]
    machine, _ = deliver(*run)
    ended: set[str] = set()
    for item, outcome in zip(items, machine.outcomes, strict=True):
        if item.ordering_key in ended:
            assert outcome == Failure(NOT_ATTEMPTED, passing=True)
        elif item.ordering_key is not None and isinstance(outcome, Failure) and outcome.passing:
            ended.add(item.ordering_key)


@given(RUNS)
def test_k05_every_call_keeps_the_caps(run: Run) -> None:
    items, policy, *_ = run
    _, receiver = deliver(*run)
    for call in receiver.calls:
        assert 1 <= len(call) <= policy.max_items
        assert sum(items[index].size_bytes for index in call) <= policy.max_bytes
        assert list(call) == sorted(set(call))


@given(RUNS)
def test_k02_k12_the_waits_keep_their_budget_and_every_call_ends_before_the_deadline(run: Run) -> None:
    _, policy, *_, seconds = run
    machine, receiver = deliver(*run)
    slept_s = receiver.clock.slept_s
    assert sum(slept_s) <= policy.wait_budget_s + 1e-6
    assert sum(slept_s) <= machine.waited_s + 1e-6
    if all(isinstance(outcome, Success) for outcome in machine.outcomes):  # none was given up in a wait
        assert abs(sum(slept_s) - machine.waited_s) < 1e-6
    assert max(slept_s, default=0.0) <= policy.cap_s + 1e-6
    assert all(end_s <= 1000.0 + seconds + 1e-6 for end_s in receiver.ended_s)
