"""Files that begin alike, and bytes that go before they are read: read in time, and every loss is counted."""

import shutil
from pathlib import Path

import pytest

from tests.agent_rig import Rig, flow_of

HEADER = b"# the same header in every file of this program\n" * 30  # more than 1,024 bytes


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    flow = flow_of(filePattern=f"{tmp_path}/*.log*", initialPosition="START_OF_FILE")
    return Rig(flow, raw_directory=tmp_path).start()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(0)


def test_a_second_live_file_with_the_same_beginning_is_read_while_it_grows(tmp_path: Path, rig: Rig) -> None:
    append(tmp_path / "a.log", HEADER + b"a\n")
    rig.settle()
    for number in range(20):
        append(tmp_path / "b.log", (b"" if number else HEADER) + b"b%d\n" % number)
        append(tmp_path / "a.log", b"a%d\n" % number)
        rig.settle(seconds=1)
    assert b"b18\n" in rig.lines()
    rig.kill()


def test_a_file_with_the_very_bytes_of_another_is_read_after_half_a_minute(tmp_path: Path, rig: Rig) -> None:
    for number in range(40):
        for name in ("a.log", "b.log"):
            append(tmp_path / name, b"same line %d\n" % number)
        rig.settle(seconds=1)
    rig.settle(seconds=6)
    assert len({event_id for event_id, line in rig.sent if line == b"same line 39\n"}) == 2
    rig.kill()


def test_a_copy_that_grows_while_it_is_made_is_not_sent_twice(tmp_path: Path, rig: Rig) -> None:
    log, copy = tmp_path / "a.log", tmp_path / "a.log.1"
    append(log, HEADER + b"".join(b"line %d\n" % n for n in range(10_000)))
    rig.settle()
    data = log.read_bytes()
    for part in range(10):
        append(copy, data[part * len(data) // 10 : (part + 1) * len(data) // 10])
        rig.settle(seconds=1)
    truncate(log)
    append(log, b"new\n")
    rig.settle(seconds=1)
    rig.settle(seconds=10)
    texts = [line for _, line in dict(rig.sent).items()]
    assert sorted(texts) == sorted([*data.splitlines(keepends=True), b"new\n"])
    rig.kill()


@pytest.mark.parametrize("again", [b"", b"x\n", b"y" * 5000 + b"\n"])
def test_a_file_that_is_truncated_before_any_of_it_was_read_counts_what_was_seen(
    tmp_path: Path, rig: Rig, again: bytes
) -> None:
    append(tmp_path / "a.log", HEADER + b"a\n")
    rig.settle()
    append(tmp_path / "b.log", HEADER)
    rig.settle(seconds=1)
    truncate(tmp_path / "b.log")
    append(tmp_path / "b.log", again)
    rig.settle(seconds=1)
    rig.settle(seconds=10)
    assert rig.pipeline.counters.dropped["truncated_unread_bytes"] == len(HEADER)
    assert not again or again in rig.lines()
    rig.kill()


def test_an_unread_file_that_is_copied_and_truncated_is_read_from_its_copy(tmp_path: Path, rig: Rig) -> None:
    append(tmp_path / "a.log", HEADER + b"a\n")
    rig.settle()
    append(tmp_path / "b.log", HEADER + b"")
    rig.settle(seconds=1)
    shutil.copyfile(tmp_path / "b.log", tmp_path / "b.log.1")
    truncate(tmp_path / "b.log")
    append(tmp_path / "b.log", b"b new\n")
    rig.settle(seconds=1)
    rig.settle(seconds=10)
    assert len([line for _, line in dict(rig.sent).items() if line in HEADER]) == 60
    assert not rig.pipeline.counters.dropped
    rig.kill()


def test_bytes_that_are_cut_off_behind_what_was_read_are_counted(tmp_path: Path, rig: Rig) -> None:
    log = tmp_path / "a.log"
    append(log, b"one\n")
    rig.settle()
    append(log, b"half of a li")
    rig.settle(seconds=1)
    with log.open("r+b") as file:
        file.truncate(4)
    rig.settle(seconds=1)
    append(log, b"two\n")
    rig.settle(seconds=1)
    assert rig.lines() == [b"one\n", b"two\n"]
    assert rig.pipeline.counters.dropped["truncated_unread_bytes"] == len(b"half of a li")
    rig.kill()
