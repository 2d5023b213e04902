"""What somebody else put into the bucket breaks no reader; the ledger counts it apart."""

import argparse
import gzip

import pytest

from headgate.quarantine.bad_lines import bad_lines
from headgate.quarantine.groups import by_code
from headgate.quarantine.journal import Journal
from headgate.readers.span import Span, folder_of, kind_of
from headgate.replay.from_archive import ArchiveSource
from headgate.status.gather import Gather
from headgate.status.ledger import Late, add_up
from headgate.trace.finding import copies, ends
from headgate.trace.query import Query
from tests.readers_rig import START_S, World

SPAN = Span(START_S - 1, START_S + 3600)
LINES = [
    b"not json",
    b"[]",
    b"{",
    b"null",
    b"\xff\xfe",
    b'{"a":1}',
    b'{"event_id":"ours"}',
    b'{"event_id":"ours","received_at":"yesterday","shard_id":"s","sequence_number":"1"}',
    b'{"event_id":7,"received_at":"2026-10-01T05:00:00.000Z","shard_id":"s","sequence_number":"1"}',
    b'{"event_id":"ours","received_at":"2026-10-01T05:00:00.000Z","shard_id":"s","sequence_number":1}',
    b'{"event_id":"ours","received_at":"2026-10-01T05:00:00.000Z","shard_id":["s"],"sequence_number":"1"}',
]
DAMAGED = {"x.gz": gzip.compress(b"x" * 99)[:20], "y.zip": b"PK", "z.parquet": b"PAR1", "w.orc": b"ORC"}


def _world(name: str, body: bytes) -> World:
    world = World()
    world.put("ours", b'{"type":"a"}\n' + b'{"type":"%s"}\n' % (b"t" * 300))
    world.deliver()
    for kind in ("curated", "quarantine", "dropped"):
        world.memory.put(folder_of(kind_of(kind, "UTC"), START_S) + name, body)
    return world


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_foreign_line_breaks_no_reader(line: bytes) -> None:
    world = _world("foreign.ndjson", line + b"\n")
    gather = Gather(world, world.memory)
    gather.look(SPAN)
    figures = add_up(gather.accepted, gather.held(), world.stream.now_s + 3600, Late(1, 1))
    assert (figures.curated, figures.quarantined.total(), figures.balance) == (1, 1, 0)
    assert gather.foreign.total() == 3

    found = ends(Query("ours"), world, world.memory, SPAN)
    assert [end.kind for end in found] == ["curated"]
    assert len(copies(Query("ours"), world, found, SPAN)) == 1

    source = ArchiveSource(world.memory, "UTC", SPAN)
    assert sum(len(each.records) for each in source.portions(source.count(), None)) == 1

    args = argparse.Namespace(since=None, until=None, code=None, event_id=None)
    (group,) = by_code(bad_lines(world.memory, args), Journal(world.memory))
    assert (group.code, group.lines) == ("TypeTooLong", 1)


@pytest.mark.parametrize("name", DAMAGED)
def test_an_object_that_nobody_can_read_does_not_stop_the_ledger(name: str) -> None:
    world = _world(name, DAMAGED[name])
    gather = Gather(world, world.memory)
    gather.look(SPAN)
    figures = add_up(gather.accepted, gather.held(), world.stream.now_s + 3600, Late(1, 1))
    assert (figures.balance, gather.foreign.total()) == (0, 3)
