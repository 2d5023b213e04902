"""A replay that crashes, goes on and is run again leaves the deduplicated view as one run leaves it."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headgate.readers.contents import lines_in
from headgate.readers.putting import Put, Returning
from headgate.readers.span import Span, kind_of, objects
from headgate.replay.from_archive import ArchiveSource
from headgate.replay.from_stream import StreamSource
from headgate.replay.plan import Source
from headgate.replay.state import ReplayState, send_all
from headgate.replay.transform_sink import TransformSink
from tests.fakes import FakeBucket, FakeFirehose
from tests.makers import STREAM_ARN, make_transform
from tests.readers_rig import START_S, World

LINES = st.sampled_from(
    [
        b'{"n":1}',
        b'{"type":"a","n":2}',
        b'{"n":1}',
        b"plain text",
        b"",
        b"\xff",
        b'{"type":"' + b"t" * 300 + b'"}',
    ]
)
RECORDS = st.lists(st.lists(LINES, min_size=1, max_size=4), min_size=1, max_size=12)
ROW = tuple[Any, ...]


class _CrashError(Exception):
    """The process is killed."""


def _world(records: list[list[bytes]], lost: int, split: int, reshard: int) -> World:
    """A stage with traffic; of the curated objects the one at `lost` was never written."""
    world = World(shards=2)
    for number, lines in enumerate(records):
        if number == reshard:
            world.stream.split(world.stream.open_shards()[0])
        if number == split:
            world.deliver()
        world.put(f"id-{number}", b"".join(line + b"\n" for line in lines))
    world.deliver()
    curated = [key for key in world.memory.objects if key.startswith("curated/")]
    if lost < len(curated):
        del world.memory.objects[curated[lost]]
    world.stream.now_s += 10
    return world


def _source(world: World, kind: str) -> Source:
    if kind == "raw":
        return ArchiveSource(world.memory, "UTC", Span(START_S - 1, START_S + 5))
    return StreamSource(world.stream, "headgate-dev", Span(START_S - 1, START_S + 5), world.clock)


def _to_stream(world: World) -> Put:
    def put(records: Sequence[Returning]) -> None:
        for record in records:
            world.put_record(record.partition_key, record.data)

    return put


def _to_transform(world: World) -> Put:
    def put(records: Sequence[Returning]) -> None:
        delivery = FakeFirehose()
        TransformSink(make_transform(delivery, FakeBucket()), STREAM_ARN).put(records)
        world.add_curated(b"".join(delivery.delivered))

    return put


def _crashing(put: Put, at: int, stored: int) -> Put:
    """A put that is killed in its call number `at`, when `stored` records of it were stored."""
    calls = [0]

    def crashing(records: Sequence[Returning]) -> None:
        calls[0] += 1
        if calls[0] == at:
            put(records[:stored])
            raise _CrashError
        put(records)

    return crashing


def _run(world: World, kind: str, put: Put, folder: Path) -> None:
    state, source = ReplayState(folder, {"kind": kind}), _source(world, kind)
    if state.plan is None or state.done_at:
        state.begin(source.count())
    assert state.plan
    send_all(source, state.plan, put, state, lambda: None)
    state.finish("now")


def _dedup(world: World) -> dict[str, ROW]:
    """What the view curated_dedup shows: by event id, the copy that arrived first."""
    rows: dict[str, ROW] = {}
    for found in lines_in(world.memory, objects(world.memory, kind_of("curated", "UTC"), Span())):
        line = json.loads(found.text)
        order = (line["received_at"], line["shard_id"], int(line["sequence_number"]))
        row = (*order, line["type"], json.dumps(line["event"]))
        rows[line["event_id"]] = min(rows.get(line["event_id"], row), row)
    return rows


def _content(rows: dict[str, ROW]) -> dict[str, ROW]:
    """Without the receipts, which are new for what a replay brought back."""
    return {event_id: row[3:] for event_id, row in rows.items()}


@given(
    records=RECORDS,
    kind=st.sampled_from(["stream", "raw"]),
    sink=st.sampled_from([_to_stream, _to_transform]),
    lost=st.integers(0, 4),
    split=st.integers(0, 12),
    reshard=st.integers(0, 12),
    crash=st.tuples(st.integers(1, 3), st.integers(0, 5)),
)
def test_a_crash_and_a_second_run_change_nothing(
    records: list[list[bytes]],
    kind: str,
    sink: Callable[[World], Put],
    lost: int,
    split: int,
    reshard: int,
    crash: tuple[int, int],
) -> None:
    once, twice = (_world(records, lost, split, reshard) for _ in range(2))
    before = _dedup(once)
    with tempfile.TemporaryDirectory() as folder:
        _run(once, kind, sink(once), Path(folder) / "once")
        once.deliver()
        try:
            _run(twice, kind, _crashing(sink(twice), *crash), Path(folder) / "twice")
        except _CrashError:
            twice.deliver()
            _run(twice, kind, sink(twice), Path(folder) / "twice")
        twice.deliver()
        _run(twice, kind, sink(twice), Path(folder) / "twice")
        twice.deliver()
    after = _dedup(twice)
    assert _content(after) == _content(_dedup(once))
    assert {event_id: row for event_id, row in after.items() if event_id in before} == before


@given(records=RECORDS, reshard=st.integers(0, 12))
def test_a_replay_of_the_stream_brings_back_every_line_that_curated_has_lost(
    records: list[list[bytes]], reshard: int
) -> None:
    world = _world(records, 99, 99, reshard)
    expected = _content(_dedup(world))
    for key in [key for key in world.memory.objects if key.startswith("curated/")]:
        del world.memory.objects[key]
    with tempfile.TemporaryDirectory() as folder:
        _run(world, "stream", _to_stream(world), Path(folder))
    world.deliver()
    assert _content(_dedup(world)) == expected


@given(records=RECORDS, split=st.integers(0, 12), reshard=st.integers(0, 12))
def test_a_replay_of_the_stream_fills_the_archive_with_what_arrived_before_its_delivery_stream(
    records: list[list[bytes]], split: int, reshard: int
) -> None:
    """A delivery stream over a kept stream starts at LATEST: what arrived before never reaches raw-data."""
    world = _world(records, 99, split, reshard)
    archived = Counter(_archived(world))
    for key in [key for key in world.memory.objects if key.startswith("raw-data/")]:
        del world.memory.objects[key]
    with tempfile.TemporaryDirectory() as folder:
        _run(world, "stream", _to_stream(world), Path(folder))
    world.deliver()
    assert Counter(_archived(world)) == archived


def _archived(world: World) -> list[bytes]:
    """Return the lines of raw-data/."""
    return [
        found.text for found in lines_in(world.memory, objects(world.memory, kind_of("raw", "UTC"), Span()))
    ]
