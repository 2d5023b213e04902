"""For any traffic the ledger balances to zero, a loss shows in it, and trace finds every accepted line."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Drop
from headgate.agent.kpl import KplRecord, aggregate
from headgate.readers.span import Span
from headgate.readers.verdict import verdicts
from headgate.records import Record
from headgate.status.gather import Gather
from headgate.status.ledger import Figures, Late, add_up
from headgate.trace.finding import archived, copies, ends
from headgate.trace.query import Query
from tests.readers_rig import START_S, World

LINE = st.sampled_from(
    [
        b'{"n":1}',
        b'{"type":"a","n":2}',
        b"plain text",
        b"",
        b"  ",
        b"\xff\n",
        b'{"type":"' + b"t" * 300 + b'"}',
    ]
)
AGGREGATED = aggregate([KplRecord("a", b'{"n":1}\n'), KplRecord("b", b'{"n":2}')])
DATA = st.one_of(
    st.lists(LINE, min_size=1, max_size=5).map(lambda lines: b"\n".join(lines) + b"\n"),
    st.sampled_from(
        [b'{"no":"end"}', b"two\nlines", AGGREGATED, AGGREGATED + b"\n", b"\xf3\x89\x9a\xc2x\ny\n"]
    ),
    st.binary(min_size=1, max_size=40),
)
TRAFFIC = st.lists(st.tuples(st.sampled_from(["k1", "k2", "k3", "7", "k1#2"]), DATA), max_size=15)
LATE = Late(60.0, 60.0)


def _send(world: World, traffic: list[tuple[str, bytes]], deliver_every: int) -> None:
    for number, (key, data) in enumerate(traffic, start=1):
        world.put(key, data)
        if number % deliver_every == 0:
            world.deliver()


def _figures(world: World, gather: Gather, age_s: float = 0.0) -> Figures:
    gather.look(Span(START_S - 1, world.stream.now_s + 1))
    return add_up(gather.accepted, gather.held(), world.stream.now_s + age_s, LATE)


def _records(world: World) -> Iterator[tuple[str, Record]]:
    for shard_id, shard in world.stream.shards.items():
        for wire in shard.records:
            arrival_s = wire["ApproximateArrivalTimestamp"].timestamp()
            yield shard_id, Record(wire["SequenceNumber"], wire["PartitionKey"], wire["Data"], arrival_s)


@given(traffic=TRAFFIC, deliver_every=st.integers(1, 6))
def test_the_ledger_balances_to_zero(traffic: list[tuple[str, bytes]], deliver_every: int) -> None:
    world = World(shards=2)
    gather = Gather(world, world.memory)
    _send(world, traffic, deliver_every)
    before = _figures(world, gather)
    assert before.balance == 0
    world.deliver()
    for figures in (
        _figures(world, gather, age_s=3600.0),
        _figures(world, Gather(world, world.memory), 3600.0),
    ):
        ended = figures.curated + figures.quarantined.total() + figures.dropped.total()
        assert (figures.balance, figures.in_flight) == (0, 0)
        assert figures.accepted == figures.archived == ended


def _hook(event: dict[str, Any]) -> dict[str, Any] | None:
    """Drop some events in both ways, and send one kind to quarantine."""
    if event.get("n") == 1:
        return None
    if event.get("n") == 2:
        raise Drop("Second")
    return event


@given(traffic=TRAFFIC, deliver_every=st.integers(1, 6))
def test_the_ledger_knows_what_was_dropped_without_the_hook(
    traffic: list[tuple[str, bytes]], deliver_every: int
) -> None:
    world = World(shards=2)
    for number, (key, data) in enumerate(traffic, start=1):
        world.put(key, data)
        if number % deliver_every == 0:
            world.deliver(_hook)
    world.deliver(_hook)
    figures = _figures(world, Gather(world, world.memory), 3600.0)
    assert (figures.balance, figures.in_flight) == (0, 0)
    for shard_id, record in _records(world):
        for verdict in verdicts(record, shard_id, _hook):
            if verdict.place == "dropped" and verdict.text.strip():
                _assert_found(world, verdict, record.sequence_number)
                assert figures.dropped[verdict.reason] > 0


@given(
    traffic=TRAFFIC, prefix=st.sampled_from(["raw-data/", "curated/", "quarantine/"]), which=st.integers(0, 3)
)
def test_an_object_that_is_lost_is_missed(traffic: list[tuple[str, bytes]], prefix: str, which: int) -> None:
    world = World()
    _send(world, [(key, b"x" + data.replace(b"\n", b"") + b"\n") for key, data in traffic], 4)
    world.deliver()
    keys = [key for key in world.memory.objects if key.startswith(prefix)]
    if which < len(keys):
        lines = world.memory.bodies[keys[which]].count(b"\n")
        del world.memory.objects[keys[which]]
        assert _figures(world, Gather(world, world.memory), 3600.0).balance == lines


@given(traffic=TRAFFIC, deliver_every=st.integers(1, 6))
def test_trace_finds_every_accepted_line(traffic: list[tuple[str, bytes]], deliver_every: int) -> None:
    world = World(shards=2)
    _send(world, traffic, deliver_every)
    world.deliver()
    for shard_id, record in _records(world):
        for verdict in verdicts(record, shard_id, lambda event: event):
            if verdict.text.strip():
                _assert_found(world, verdict, record.sequence_number)


def _assert_found(world: World, verdict: Any, sequence_number: str) -> None:
    query, span = Query(verdict.event_id), Span(START_S - 1)
    found = ends(query, world, world.memory, span)
    held = copies(query, world, found, span)
    own = [copy for copy in held if copy.sequence_number == sequence_number]
    assert own
    for copy in own:
        hop = archived(copy, world, world.memory)
        assert hop
        assert hop.details["line_number"] > 0
    places = {end.kind for end in found if end.fields["sequence_number"] == sequence_number}
    assert verdict.place in places
