"""Files that were compressed or removed while the agent was down, too many files, folders with wildcards."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.agent.config.fileglob import parse_file_pattern
from headgate.agent.config.values import ValueProblem
from headgate.agent.tail.disk import RealDisk, directories
from tests.agent_rig import Rig, flow_of


def rig_of(
    folder: Path, pattern: str = "app.log", *, disk: RealDisk | None = None, start: str = "START"
) -> Rig:
    flow = flow_of(filePattern=f"{folder}/{pattern}", initialPosition=f"{start}_OF_FILE")
    return Rig(flow, raw_directory=folder, disk=disk or RealDisk()).start()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def lines(first: int, last: int) -> bytes:
    return b"".join(b"line %d of the file\n" % number for number in range(first, last))


@pytest.mark.parametrize(
    ("suffix", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_a_file_that_was_compressed_while_the_agent_was_down_is_read_to_its_end(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 100))
    rig = rig_of(tmp_path)
    rig.settle()
    rig.kill()
    append(log, lines(100, 300))
    (tmp_path / f"app.log-20261128.{suffix}").write_bytes(compress(log.read_bytes()))
    (tmp_path / "other.gz").write_bytes(gzip.compress(b"something else\n" * 100))
    log.unlink()
    append(log, lines(300, 310))
    rig.start().settle()
    rig.settle(seconds=1)
    assert sorted(rig.lines()) == sorted(lines(0, 310).splitlines(keepends=True))
    rig.check_ids()
    assert not rig.pipeline.counters.dropped
    assert rig.pipeline.counters.events["decompressed"] == 1
    rig.settle(seconds=400)
    rig.kill()
    rig.start().settle()
    assert len(rig.sent) == 310


def test_unread_bytes_of_a_file_that_was_removed_while_the_agent_was_down_are_counted_once(
    tmp_path: Path,
) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 10))
    rig = rig_of(tmp_path)
    rig.look()
    rig.read(flush=True)
    rig.acknowledge()
    append(log, lines(10, 20))
    rig.look()
    rig.now_s += 1
    rig.delivery.touch()
    rig.delivery.housekeep(rig.now_s)
    rig.kill()
    log.unlink()
    rig.start().settle()
    assert rig.pipeline.counters.dropped["vanished_unread_bytes"] == len(lines(10, 20))
    rig.kill()
    rig.start().settle()
    assert not rig.pipeline.counters.dropped
    rig.kill()


def test_a_damaged_compressed_file_is_said_and_stops_nothing(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    append(log, lines(0, 100))
    rig = rig_of(tmp_path)
    rig.settle()
    rig.kill()
    append(log, lines(100, 5000))
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(log.read_bytes())[:-900])
    log.unlink()
    append(log, b"new\n")
    rig.start().settle()
    assert rig.lines()[-1] == b"new\n"
    assert rig.pipeline.counters.events["open_error"] == 1
    rig.kill()


@pytest.mark.parametrize("start", ["START", "END"])
def test_more_files_than_handles_are_all_delivered(tmp_path: Path, start: str) -> None:
    for number in range(30):
        append(tmp_path / f"{number}.log", b"old %d\n" % number)
    rig = rig_of(tmp_path, "*.log", disk=RealDisk(handles_max=12), start=start)
    for _ in range(10):
        rig.settle(seconds=11)
    for number in range(30):
        append(tmp_path / f"{number}.log", b"new %d\n" % number)
    for _ in range(10):
        rig.settle(seconds=11)
    assert rig.pipeline.files.unopened == set()
    expected = {b"new %d\n" % n for n in range(30)} | (
        {b"old %d\n" % n for n in range(30)} if start == "START" else set()
    )
    assert set(rig.lines()) == expected
    assert len(rig.sent) == len(expected)
    assert len([file for file in rig.pipeline.files.files if file.handle is not None]) <= 12
    rig.kill()


def test_a_mistake_of_ours_in_one_file_stops_no_other_file(tmp_path: Path) -> None:
    class Odd(RealDisk):
        def read(self, handle: int, offset: int, count: int) -> bytes:
            data = super().read(handle, offset, count)
            if b"poison" in data and count > 4096:
                raise ZeroDivisionError
            return data

    append(tmp_path / "a.log", b"poison\n")
    append(tmp_path / "b.log", b"fine\n")
    rig = rig_of(tmp_path, "*.log", disk=Odd())
    rig.settle()
    assert rig.lines() == [b"fine\n"]
    assert rig.pipeline.counters.events["internal_error"] >= 1
    assert rig.pipeline.counters.errors_in_a_row >= 1
    rig.kill()


def test_a_quiet_file_that_grew_before_it_was_renamed_is_found_again(tmp_path: Path) -> None:
    for number in range(12):
        append(tmp_path / f"{number}.log", b"old %d\n" % number)
    rig = rig_of(tmp_path, "*.log", disk=RealDisk(handles_max=12))
    for _ in range(3):
        rig.settle(seconds=11)
    append(tmp_path / "3.log", b"last words\n")
    (tmp_path / "3.log").rename(tmp_path / "3.old")
    rig.settle(seconds=11)
    assert b"last words\n" in rig.lines()
    rig.kill()


def test_wildcards_in_folders_follow_files_of_folders_that_come_later(tmp_path: Path) -> None:
    for name in ("a/logs", "b/logs", "b/deep/er/logs", "c"):
        (tmp_path / name).mkdir(parents=True)
    append(tmp_path / "a/logs/x.log", b"a\n")
    append(tmp_path / "b/deep/er/logs/x.log", b"deep\n")
    one, any_depth = rig_of(tmp_path, "*/logs/*.log"), rig_of(tmp_path, "**/logs/*.log")
    for rig in (one, any_depth):
        rig.settle()
    (tmp_path / "new/logs").mkdir(parents=True)
    append(tmp_path / "new/logs/x.log", b"new\n")
    for rig in (one, any_depth):
        rig.settle(seconds=1)
        rig.kill()
    assert sorted(one.lines()) == [b"a\n", b"new\n"]
    assert sorted(any_depth.lines()) == [b"a\n", b"deep\n", b"new\n"]


def test_a_folder_that_links_to_its_parent_is_not_walked_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    found = directories(RealDisk(), parse_file_pattern(f"{tmp_path}/**/*.log")).found
    assert found == [str(tmp_path), str(tmp_path / "a")]


@pytest.mark.parametrize(
    "text", ["s3://bucket/x/*.log", "~/logs/*.log", "/x/[ab]*/y.log", "/x/*/{a,b}/y.log", "/x/*?/y"]
)
def test_a_pattern_that_can_never_match_is_refused(text: str) -> None:
    with pytest.raises(ValueProblem, match=r"must be a path|no other wildcard"):
        parse_file_pattern(text)
