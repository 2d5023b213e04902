"""Invariants of the event source mapping: nothing lost, order per key, poison goes alone (T01 to T08).

The engine runs against an in-memory stream on pretended time, with functions, destinations and processes that
fail as hypothesis chooses.
"""

from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.local.event_source import EventSourceMapping
from headgate.local.event_source.engine import Engine
from headgate.local.event_source.lane import (
    Answered,
    Discard,
    Discarded,
    Failed,
    Instant,
    NotInvoked,
    Outcome,
    Undelivered,
)
from headgate.local.event_source.shard import Job
from headgate.records import Pace, Record
from tests.event_source_cases import mapping_of
from tests.fake_stream import START_S, FakeStream

KEYS = [chr(code) for code in range(1, 255, 23)]
TROUBLES = ["none", "none", "none", "function", "items", "not invoked", "destination"]


class DictStore:
    """Checkpoints that survive a crash of the engine."""

    def __init__(self) -> None:
        self.checkpoints: dict[str, str] = {}

    def load(self, _: str) -> dict[str, str]:
        return dict(self.checkpoints)

    def save(self, _: str, checkpoints: Any) -> None:
        self.checkpoints |= checkpoints


class World:
    """A stream, an engine that may crash, a function that handles records in order and stops at a bad one."""

    def __init__(
        self, mapping: EventSourceMapping, poison: set[int], troubles: list[str], limit: int = 10_000
    ) -> None:
        self.mapping = mapping
        self.poison = {b"%d" % number for number in poison}
        self.troubles = troubles
        self.stream = FakeStream(shards=2, limit=limit)
        self.store = DictStore()
        self.now_s = 0.0
        self.jobs: list[Job] = []
        self.put: dict[str, list[bytes]] = defaultdict(list)
        self.handled: dict[str, list[bytes]] = defaultdict(list)
        self.delivered: list[list[bytes]] = []
        self.engine = self.start()

    def now(self) -> Instant:
        return Instant(self.now_s, START_S + self.now_s)

    def start(self) -> Engine:
        self.jobs = []
        return Engine(self.mapping, self.stream, self.store, self.now(), retention_s=1e9, pace=Pace())

    def tick(self, seconds: float) -> None:
        self.now_s += seconds
        self.stream.now_s = START_S + self.now_s
        self.engine.read(self.now())
        self.jobs += self.engine.jobs(self.now())

    def finish(self, choice: int) -> None:
        """Let one of the running jobs end, and hand out what may run then."""
        if self.jobs:
            job = self.jobs.pop(choice % len(self.jobs))
            self.engine.settle(job, self.outcome(job), self.now())
            self.jobs += self.engine.jobs(self.now())

    def outcome(self, job: Job) -> Outcome:
        trouble = self.troubles.pop() if self.troubles else "none"
        records = job.action.batch.records
        if isinstance(job.action, Discard):
            if trouble == "destination":
                return Undelivered()
            self.delivered.append([record.data for record in records])
            self.note(records)
            return Discarded()
        if trouble == "not invoked":
            return NotInvoked()
        return self.function(records, trouble)

    def function(self, records: tuple[Record, ...], trouble: str) -> Outcome:
        bad = [index for index, record in enumerate(records) if record.data in self.poison]
        if trouble in {"function", "items"}:
            bad.append(len(records) // 2)
        if not bad:
            self.note(records)
            return Answered(None)
        if trouble == "function" or not self.mapping.reports_item_failures:
            return Failed()
        self.note(records[: min(bad)])
        return Answered({"batchItemFailures": [{"itemIdentifier": records[min(bad)].sequence_number}]})

    def note(self, records: tuple[Record, ...]) -> None:
        for record in records:
            assert record.partition_key is not None
            if record.data not in self.handled[record.partition_key]:
                self.handled[record.partition_key].append(record.data)

    def apply(self, action: str, argument: int) -> None:
        shards = self.stream.open_shards()
        if action == "put":
            key, data = KEYS[argument % len(KEYS)], b"%d" % sum(map(len, self.put.values()))
            self.stream.put(key, data)
            self.put[key].append(data)
        elif action == "tick":
            self.tick(argument / 8)
        elif action == "finish":
            self.finish(argument)
        elif action == "crash":
            self.engine = self.start()
        elif action == "split" and len(shards) < 4:
            self.stream.split(shards[argument % len(shards)])
        elif action == "merge" and len(shards) > 1:
            left = argument % (len(shards) - 1)
            self.stream.merge(shards[left], shards[left + 1])

    def drain(self) -> None:
        self.engine.drain(self.now())
        for _ in range(5_000):
            while self.jobs:
                self.finish(0)
            if self.engine.is_drained:
                return
            next_s = min(self.engine.read_due_s(), self.engine.work_due_s())
            self.tick(max(0.0, next_s - self.now_s))
        raise AssertionError("the drain does not end")


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["put"] * 6 + ["tick", "tick", "finish", "finish", "crash", "split", "merge"]),
        st.integers(0, 32),
    ),
    max_size=60,
)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    actions=ACTIONS,
    poison=st.sets(st.integers(0, 30), max_size=4),
    troubles=st.lists(st.sampled_from(TROUBLES), max_size=40),
    batch_size=st.integers(1, 12),
    parallelization=st.integers(1, 3),
    retries=st.integers(0, 3),
    flags=st.tuples(st.booleans(), st.booleans(), st.sampled_from([0, 2])),
)
def test_t01_t08_every_record_is_handled_or_delivered_and_every_key_keeps_its_order(
    actions: list[tuple[str, int]],
    poison: set[int],
    troubles: list[str],
    batch_size: int,
    parallelization: int,
    retries: int,
    flags: tuple[bool, bool, int],
) -> None:
    mapping = mapping_of(
        batch_size=batch_size,
        parallelization=parallelization,
        max_retries=retries,
        bisect=flags[0],
        reports_item_failures=flags[1],
        batching_window_s=flags[2],
        bucket="failures",
    )
    world = World(mapping, poison, troubles, limit=7)
    for action, argument in actions:
        world.apply(action, argument)
    world.drain()
    assert {key: seen for key, seen in world.handled.items() if seen} == world.put
    delivered = {data for document in world.delivered for data in document}
    assert world.poison & {data for all_of in world.put.values() for data in all_of} <= delivered


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    keys=st.lists(st.integers(0, 10), min_size=1, max_size=60),
    poison=st.integers(0, 59),
    batch_size=st.integers(1, 60),
    retries=st.integers(0, 2),
    reports=st.booleans(),
)
def test_t04_with_bisect_a_single_poison_record_reaches_the_destination_alone(
    keys: list[int], poison: int, batch_size: int, retries: int, *, reports: bool
) -> None:
    mapping = mapping_of(
        batch_size=batch_size, max_retries=retries, bisect=True, reports_item_failures=reports, bucket="b"
    )
    poison %= len(keys)
    world = World(mapping, {poison}, [])
    for key in keys:
        world.apply("put", key)
    world.drain()
    assert world.delivered == [[b"%d" % poison]]
    assert world.engine.counts["dropped:RetryAttemptsExhausted"] == 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    actions=ACTIONS, troubles=st.lists(st.sampled_from(TROUBLES), max_size=60), batch_size=st.integers(1, 9)
)
def test_t05_without_limits_nothing_is_ever_given_up(
    actions: list[tuple[str, int]], troubles: list[str], batch_size: int
) -> None:
    world = World(mapping_of(batch_size=batch_size, reports_item_failures=True), set(), troubles)
    for action, argument in actions:
        world.apply(action, argument)
    world.drain()
    assert world.delivered == []
    assert {key: seen for key, seen in world.handled.items() if seen} == world.put


@settings(max_examples=100, deadline=None, derandomize=True)
@given(actions=ACTIONS)
def test_i11_a_checkpoint_never_passes_a_record_that_is_not_handled(actions: list[tuple[str, int]]) -> None:
    world = World(mapping_of(batch_size=3, parallelization=3), set(), [])
    for action, argument in actions:
        world.apply(action, argument)
        handled = {data for seen in world.handled.values() for data in seen}
        for shard_id, checkpoint in world.store.checkpoints.items():
            done = world.stream.shards[shard_id].records
            if checkpoint != "SHARD_END":
                done = [record for record in done if int(record["SequenceNumber"]) <= int(checkpoint)]
            assert {record["Data"] for record in done} <= handled
