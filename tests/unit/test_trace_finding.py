"""Where an event lies in the archive, which has no ids: by its bytes, and by what an object can hold."""

import argparse

import pytest

from headgate.readers.span import Span
from headgate.trace.command import add_arguments
from headgate.trace.finding import archived, copies, ends
from headgate.trace.query import Copy, Hop, Query
from tests.readers_rig import START_S, World

LINE = b'{"type":"door","open":true}\n'
SPAN = Span(START_S - 1)


def _copy(world: World, event_id: str) -> Copy:
    found = ends(Query(event_id), world, world.memory, SPAN)
    (copy,) = copies(Query(event_id), world, found, SPAN)
    return copy


def _raw(world: World, event_id: str) -> Hop:
    hop = archived(_copy(world, event_id), world, world.memory)
    assert hop
    return hop


def test_of_the_same_bytes_each_copy_is_in_the_object_that_can_hold_it() -> None:
    world = World()
    for number in range(3):
        world.put(f"id-{number}", LINE)
        world.deliver()
        world.stream.now_s += 60
    keys = [key for key in sorted(world.memory.objects) if key.startswith("raw-data/")]
    for number, key in enumerate(keys):
        details = _raw(world, f"id-{number}").details
        assert details["object"].endswith(key)
        assert "note" not in details


def test_an_object_that_was_written_before_the_arrival_does_not_hold_the_record() -> None:
    world = World()
    world.put("early", LINE)
    world.deliver()
    world.stream.now_s += 5
    world.put("late", LINE)  # still in the buffer
    assert archived(_copy(world, "late"), world, world.memory) is None


def test_an_objects_time_may_be_a_second_behind_the_arrival() -> None:
    world = World()
    world.put("id", LINE)
    world.deliver()
    (key,) = (key for key in world.memory.objects if key.startswith("raw-data/"))
    found = world.memory.objects[key]
    world.memory.objects[key] = found._replace(modified_s=float(int(found.modified_s)) - 1.0)
    assert _raw(world, "id").details["line_number"] == 1


def test_where_several_places_fit_it_says_so() -> None:
    world = World(shards=2)
    for number in range(3):
        world.put(f"id-{number}", LINE)
    world.deliver()
    details = [_raw(world, f"id-{number}").details for number in range(3)]
    assert [each["identical_lines"] for each in details] == [3, 3, 3]
    assert {each["note"] for each in details} == {"one of 3 places with these bytes"}


def test_a_long_search_says_how_far_it_is() -> None:
    world = World()
    for number in range(1001):
        world.stream.put(f"id-{number}", LINE)
    world.deliver()
    said: list[str] = []
    found = ends(Query("none"), world, world.memory, SPAN, said.append)
    assert copies(Query("none"), world, found, SPAN, said.append) == []
    assert any(each.startswith("looking in curated/: 1 objects") for each in said)
    assert any(each.startswith("looking on the stream: 1,000 records, at 20") for each in said)


def test_an_id_that_is_no_text_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["\udcff"])
    assert "an id is UTF-8" in capsys.readouterr().err
