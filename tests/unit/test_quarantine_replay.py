"""Mended lines go back once, whatever is interrupted, under their event ids."""

import argparse
import io

import pytest

from headgate.quarantine.bad_lines import BadLine, bad_lines
from headgate.quarantine.groups import by_code
from headgate.quarantine.journal import Journal
from headgate.quarantine.returning import Work, as_stored, put_back
from headgate.readers.errors import StoppedError
from headgate.readers.putting import Returning
from headgate.terminal import Printer
from tests.readers_rig import World

BAD = b'{"type":"%s"}' % (b"t" * 300)


def _args(**given: object) -> argparse.Namespace:
    return argparse.Namespace(**{"since": None, "until": None, "code": None, "event_id": None} | given)


def _world(lines: int = 5) -> World:
    world = World()
    for number in range(lines):
        world.put(f"key-{number}", b'{"ok":1}\n' + BAD + b"\n")
    world.deliver()
    return world


def _works(world: World) -> list[Work]:
    return [as_stored(line) for line in bad_lines(world.memory, _args())]


def _put_back(world: World, works: list[Work], taken: list[Returning]) -> int:
    return put_back(works, taken.extend, Journal(world.memory), world, Printer(io.StringIO(), io.StringIO()))


def test_lines_go_back_under_their_event_ids() -> None:
    world, taken = _world(3), list[Returning]()
    assert _put_back(world, _works(world), taken) == 3
    assert [record.partition_key for record in taken] == ["hg1:key-0#2", "hg1:key-1#2", "hg1:key-2#2"]


def test_a_line_that_is_back_does_not_go_again() -> None:
    world, taken = _world(3), list[Returning]()
    _put_back(world, _works(world), taken)
    assert _put_back(world, _works(world), taken) == 0
    assert len(taken) == 3


def test_a_line_that_was_not_acknowledged_goes_again() -> None:
    world, taken = _world(3), list[Returning]()

    def refuse(_: object) -> None:
        raise StoppedError("no")

    with pytest.raises(StoppedError):
        put_back(_works(world), refuse, Journal(world.memory), world, Printer(io.StringIO(), io.StringIO()))
    assert _put_back(world, _works(world), taken) == 3


def test_a_line_that_came_back_bad_may_go_again() -> None:
    world, taken = _world(1), list[Returning]()
    _put_back(world, _works(world), taken)
    for record in taken:
        world.put_record(record.partition_key, record.data)
    world.deliver()
    again = list[Returning]()
    assert _put_back(world, _works(world), again) == 1
    assert [record.partition_key for record in again] == ["hg1:key-0#2"]


def test_copies_of_one_bad_line_go_back_as_one() -> None:
    world, taken = _world(1), list[Returning]()
    world.put("key-0", b'{"ok":1}\n' + BAD + b"\n")
    world.deliver()
    works = _works(world)
    assert len(works) == 2
    assert _put_back(world, works, taken) == 2
    assert [record.partition_key for record in taken] == ["hg1:key-0#2"]
    assert _put_back(world, _works(world), taken) == 0


def test_an_object_that_was_stored_twice_gives_its_lines_once() -> None:
    world = _world(3)
    for key in [key for key in world.memory.bodies if key.startswith("quarantine/")]:
        world.memory.put(f"{key}-again", world.memory.bodies[key])
    assert len(_works(world)) == 3


def test_lines_are_grouped_by_code_the_largest_group_first() -> None:
    world = _world(3)
    world.put("other", b"\xff\n")
    world.deliver()
    groups = by_code(bad_lines(world.memory, _args()), Journal(world.memory))
    assert [(group.code, group.lines, group.back) for group in groups] == [
        ("TypeTooLong", 3, 0),
        ("InvalidUtf8", 1, 0),
    ]
    assert groups[0].first < groups[0].last


@pytest.mark.parametrize(
    ("filters", "lines"), [({"code": ["InvalidUtf8"]}, 1), ({"event_id": "key-1#2"}, 1), ({"code": ["x"]}, 0)]
)
def test_filters_choose_the_lines(filters: dict[str, object], lines: int) -> None:
    world = _world(3)
    world.put("other", b"\xff\n")
    world.deliver()
    found: list[BadLine] = list(bad_lines(world.memory, _args(**filters)))
    assert len(found) == lines
