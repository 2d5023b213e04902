"""What a replay reads: ranges, ends, ids of the archive's lines, and the state that it goes on from."""

import json
from pathlib import Path

import pytest

from chalicelib.packing import KEY_MARK
from headgate.readers.errors import ReaderError
from headgate.readers.putting import Returning
from headgate.readers.span import Span
from headgate.replay.from_archive import ArchiveSource, together
from headgate.replay.from_failed import FailedSource
from headgate.replay.from_stream import StreamSource
from headgate.replay.plan import Portion, ReplayPlan
from headgate.replay.state import ReplayState
from tests.makers import make_record
from tests.readers_rig import START_S, World

SPAN = Span(START_S - 1, START_S + 5)


def _stream(world: World) -> StreamSource:
    return StreamSource(world.stream, "headgate-dev", SPAN, world.clock)


def _keys(portions: list[Portion]) -> list[str]:
    keys = [record.partition_key for portion in portions for record in portion.records]
    assert all(key.startswith(KEY_MARK) for key in keys)
    return [key.removeprefix(KEY_MARK) for key in keys]


def _line(key: str, data: bytes = b"x\n", sequence_number: str = "1") -> Returning:
    return Returning(key, data, "shardId-0", sequence_number, 0.0)


def test_a_plan_counts_records_lines_and_bytes_before_anything_is_sent() -> None:
    world = World(shards=2)
    world.put("a", b"1\n2\n")
    world.put("b", b"3\n")
    plan = _stream(world).count()
    assert (plan.records, plan.lines, plan.size_bytes) == (2, 3, 6)


def test_what_the_replay_itself_puts_is_not_replayed() -> None:
    world = World()
    for number in range(5):
        world.put(f"k{number}", b"x\n")
    source = _stream(world)
    plan = source.count()
    got = []
    for portion in source.portions(plan, None):
        got += _keys([portion])
        for record in portion.records:
            world.stream.put(record.partition_key, record.data)
    assert got == [f"k{number}" for number in range(5)]


def test_a_second_replay_does_not_replay_the_copies_of_the_first() -> None:
    world = World()
    world.stream.put("foreign", b"same\n")
    world.stream.put("foreign", b"same\n")  # another event: a foreign key is no id
    for number in range(3):
        world.put(f"k{number}", b"x\n")
    world.put("k0", b"other bytes under one key\n")
    first = _stream(world)
    sent = [record for portion in first.portions(first.count(), None) for record in portion.records]
    assert len(sent) == 6
    for record in sent:
        world.stream.put(record.partition_key, record.data)
    again = _stream(world)
    plan = again.count()
    assert (plan.records, plan.copies) == (6, 6)
    assert sum(len(portion.records) for portion in again.portions(plan, None)) == 6


def test_children_follow_their_parents() -> None:
    world = World()
    for number in range(4):
        world.put(f"k{number}", b"x\n")
    world.stream.split(world.stream.open_shards()[0])
    for number in range(4, 8):
        world.put(f"k{number}", b"x\n")
    source = _stream(world)
    portions = list(source.portions(source.count(), None))
    keys = _keys(portions)
    assert keys[:4] == ["k0", "k1", "k2", "k3"]
    assert sorted(keys) == [f"k{number}" for number in range(8)]


def test_a_mark_leaves_out_what_was_acknowledged() -> None:
    world = World(shards=2)
    world.stream.limit = 2
    for number in range(9):
        world.put(f"k{number}", b"x\n")
    source = _stream(world)
    plan = source.count()
    portions = list(source.portions(plan, None))
    for cut in range(1, len(portions)):
        rest = list(source.portions(plan, portions[cut - 1].mark))
        assert sorted(_keys(portions[:cut]) + _keys(rest)) == [f"k{number}" for number in range(9)]


def test_lines_of_the_archive_get_their_ids_back() -> None:
    world = World()
    world.put("batch/0", b'{"n":1}\n{"n":2}\nplain\n\xff\n')
    world.put("one", b'{"n":1}\n')
    world.deliver()
    source = ArchiveSource(world.memory, "UTC", SPAN)
    portions = list(source.portions(source.count(), None))
    assert [(r.partition_key, r.data) for p in portions for r in p.records] == [
        ("hg1:batch/0", b'{"n":1}\n{"n":2}\nplain\n\xff\n'),
        ("hg1:one", b'{"n":1}\n'),
    ]


def test_a_line_that_no_object_knows_gets_an_id_from_its_place() -> None:
    world = World()
    world.put("key", b'{"n":1}\n{"n":2}\n')
    world.deliver()
    for key in [key for key in world.memory.objects if key.startswith("curated/")]:
        del world.memory.objects[key]
    source = ArchiveSource(world.memory, "UTC", SPAN)
    first, second = (_keys(list(source.portions(source.count(), None))) for _ in range(2))
    assert first == second == [f"00000000-0000-0000-0000-000000000001/{n}" for n in (1, 2)]


def test_t05_batches_that_lambda_has_given_up_go_back_whole() -> None:
    world = World()
    made = [make_record(b'{"n":1}\n{"n":2}\n', 95, "a", START_S), make_record(b"x", 96, "b", START_S + 9)]
    document = {"payload": json.dumps({"Records": made})}
    world.memory.put("aws/lambda/id/shardId-0/2023/11/14/one", json.dumps(document).encode())
    source = FailedSource(world.memory, SPAN)
    plan = source.count()
    assert (plan.records, plan.lines) == (1, 2)
    (portion,) = source.portions(plan, None)
    (record,) = portion.records
    assert record == ("hg1:a", b'{"n":1}\n{"n":2}\n', "shardId-000000000000", "95", START_S)
    assert list(source.portions(plan, portion.mark)) == []


def test_an_object_that_lambda_has_not_made_is_named() -> None:
    world = World()
    world.memory.put("aws/lambda/mine.txt", b"{}")
    with pytest.raises(ReaderError, match=r"aws/lambda/mine\.txt is no batch that Lambda has given up"):
        FailedSource(world.memory, SPAN).count()


def test_lines_of_one_record_go_back_as_one() -> None:
    lines = [
        _line("a"),
        _line("a#2"),
        _line("a#3"),
        _line("b#2"),
        _line("a"),
        _line("a#2", sequence_number="2"),
    ]
    made = list(together(iter(enumerate(lines, start=1))))
    assert [(number, record.partition_key, record.data) for number, record in made] == [
        (3, "a", b"x\nx\nx\n"),
        (4, "b#2", b"x\n"),
        (5, "a", b"x\n"),
        (6, "a#2", b"x\n"),
    ]


def test_a_state_is_found_again_by_what_the_replay_is_about(tmp_path: Path) -> None:
    state = ReplayState(tmp_path, {"from": "a"})
    state.begin(ReplayPlan(3, 4, 5, ends={"s": "7"}))
    state.advance({"s": "6"}, 2)
    again = ReplayState(tmp_path, {"from": "a"})
    assert (again.plan, again.mark, again.sent, again.done_at) == (state.plan, {"s": "6"}, 2, None)
    again.finish("now")
    assert ReplayState(tmp_path, {"from": "a"}).done_at == "now"
    assert ReplayState(tmp_path, {"from": "b"}).plan is None


def test_a_damaged_state_says_which_file_to_delete(tmp_path: Path) -> None:
    state = ReplayState(tmp_path, {})
    state.begin(ReplayPlan(1, 1, 1))
    state.path.write_text("{", "utf-8")
    with pytest.raises(ReaderError, match=r"\.json cannot be read .* delete it to begin anew"):
        ReplayState(tmp_path, {})
