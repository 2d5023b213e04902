"""Any JSON object that the contract takes goes through every reading command without an exception."""

import argparse
import io
import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import jsontext
from chalicelib.errors import Reject
from headgate.quarantine.bad_lines import bad_lines
from headgate.quarantine.groups import by_code
from headgate.quarantine.journal import Journal
from headgate.quarantine.mending import by_edits, setting, still_bad
from headgate.quarantine.returning import Work, as_stored, put_back, written
from headgate.read import condition, wanted
from headgate.readers.contents import lines_in, raw_rows, within
from headgate.readers.feed import Feed
from headgate.readers.line_view import show
from headgate.readers.lines import as_envelope, content_of, fields_of, lines_of
from headgate.readers.putting import Returning
from headgate.readers.span import Span, kind_of, objects
from headgate.replay.from_archive import ArchiveSource
from headgate.replay.from_stream import StreamSource
from headgate.replay.transform_sink import TransformSink
from headgate.status.gather import Gather
from headgate.status.ledger import Late, add_up
from headgate.terminal import Printer
from headgate.trace.finding import archived, copies, ends
from headgate.trace.query import Query
from tests.fakes import FakeBucket, FakeFirehose
from tests.json_strategies import EVENTS
from tests.makers import STREAM_ARN, make_transform
from tests.readers_rig import START_S, World

INFINITE = b'{"a":1e400}'
LONG = b'{"a":%s}' % (b"7" * 5000)
DEEPEST = b'{"a":' * 64 + b"1" + b"}" * 64
SPAN = Span(START_S - 1, START_S + 100)
SOURCES = ("raw", "curated", "quarantine")
SETTING = setting("/mended=true")


def _refusing(event: dict[str, Any]) -> dict[str, Any]:
    raise Reject("NotToday", f"{len(event)} members")


def _world(texts: list[bytes], *, quarantined: bool) -> World:
    world = World()
    for number, text in enumerate(texts):
        world.put(f"id-{number}", jsontext.one_line(text) + b"\n")
    world.deliver(_refusing) if quarantined else world.deliver()
    world.put("other", b'{"n":1}\n')
    world.deliver()
    return world


def _rows(world: World, name: str) -> list[bytes]:
    kind = kind_of(name, "UTC")
    found = within(kind, SPAN, lines_in(world.memory, objects(world.memory, kind, SPAN)))
    return [row for line in found for row in (raw_rows(line) if name == "raw" else (line.text,))]


@given(texts=st.lists(EVENTS, min_size=1, max_size=4), quarantined=st.booleans())
@example(texts=[INFINITE, LONG, DEEPEST], quarantined=False)
@example(texts=[INFINITE, LONG, DEEPEST], quarantined=True)
def test_any_legal_event_is_read_traced_counted_replayed_and_mended(
    *, texts: list[bytes], quarantined: bool
) -> None:
    world = _world(texts, quarantined=quarantined)
    sent = sorted([*(jsontext.one_line(text) for text in texts), b'{"n":1}'])
    _assert_read(world, sent)
    _assert_counted(world, len(sent), len(texts) if quarantined else 0)
    for number in range(len(texts)):
        _assert_traced(world, f"id-{number}")
    _assert_traced(world, "other")
    _assert_replayed(world, sent)
    if quarantined:
        _assert_mended(world, len(texts))


def _assert_read(world: World, sent: list[bytes]) -> None:
    printer = Printer(io.StringIO(), io.StringIO())
    feed = Feed(world.stream, "headgate-dev", SPAN, world.clock)
    stream = [as_envelope(line) for shard_id, r in feed.arrivals() for line in lines_of(r, shard_id)]
    places = {name: _rows(world, name) for name in SOURCES}
    for rows in (stream, places["raw"], places["curated"] + places["quarantine"]):
        assert sorted(map(content_of, rows)) == sent
        for row in rows:
            show(row, printer)
            assert "event" not in fields_of(row)
            wanted(row, [condition("a.b=x"), condition("event=y")])


def _assert_counted(world: World, lines: int, quarantined: int) -> None:
    gather = Gather(world, world.memory)
    gather.look(SPAN)
    figures = add_up(gather.accepted, gather.held(), world.stream.now_s + 3600, Late(60.0, 60.0))
    assert (figures.accepted, figures.archived, figures.balance) == (lines, lines, 0)
    assert figures.quarantined.total() == quarantined


def _assert_traced(world: World, event_id: str) -> None:
    found = ends(Query(event_id), world, world.memory, SPAN)
    (copy,) = copies(Query(event_id), world, found, SPAN)
    assert archived(copy, world, world.memory)


def _assert_replayed(world: World, sent: list[bytes]) -> None:
    streamed = StreamSource(world.stream, "headgate-dev", SPAN, world.clock)
    for source in (streamed, ArchiveSource(world.memory, "UTC", SPAN)):
        records = [r for portion in source.portions(source.count(), None) for r in portion.records]
        assert sorted(line for r in records for line in r.data.splitlines()) == sent
        assert {record.partition_key.partition("-")[0] for record in records} == {"hg1:id", "hg1:other"}
        delivery = FakeFirehose()
        TransformSink(make_transform(delivery, FakeBucket()), STREAM_ARN).put(records)
        curated = b"".join(delivery.delivered).splitlines()
        assert sorted(map(content_of, curated)) == sent


def _assert_mended(world: World, lines: int) -> None:
    args = argparse.Namespace(since=None, until=None, code=None, event_id=None)
    bad, journal = list(bad_lines(world.memory, args)), Journal(world.memory)
    assert [group.lines for group in by_code(bad, journal)] == [lines]
    for line in bad:
        mended = by_edits([SETTING])(line)
        assert still_bad(mended[0]) is None
        assert json.loads(written(Work(line, mended)))["mended"][0]["line"].endswith('"mended":true}')
    gone: list[Returning] = []
    printer = Printer(io.StringIO(), io.StringIO())
    assert put_back(map(as_stored, bad), gone.extend, journal, world, printer) == lines
