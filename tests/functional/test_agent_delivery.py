"""Files, rotations and failures one by one, on real files, with the fake destination of the rig."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.agent.state import decode
from headgate.agent.tail.disk import Disk, RealDisk
from tests.agent_rig import Rig, flow_of

MakeRig = Callable[..., Rig]


@pytest.fixture
def rig_of(tmp_path: Path) -> Iterator[MakeRig]:
    """Make started rigs that have looked once; what they follow is closed after the test."""
    made: list[Rig] = []

    def make(name: str = "app.log", *, disk: Disk | None = None, **keys: Any) -> Rig:
        keys.setdefault("initialPosition", "START_OF_FILE")
        flow = flow_of(filePattern=f"{tmp_path}/{name}", **keys)
        made.append(Rig(flow, disk=disk or RealDisk(), raw_directory=tmp_path).start())
        made[-1].look()
        return made[-1]

    yield make
    for rig in made:
        rig.kill()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_without_a_checkpoint_only_lines_after_the_start_are_sent(tmp_path: Path, rig_of: MakeRig) -> None:
    log = tmp_path / "app.log"
    append(log, b"old\nhalf")
    rig = rig_of(initialPosition="END_OF_FILE")
    append(log, b" and half\nnew\n")
    rig.settle()
    assert rig.lines() == [b"half and half\n", b"new\n"]


def test_a_file_that_appears_later_is_read_from_its_beginning_whatever_the_position(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    rig = rig_of(initialPosition="END_OF_FILE")
    rig.settle()
    rig.kill()
    append(tmp_path / "app.log", b"first\n")
    rig.start().settle()
    assert rig.lines() == [b"first\n"]


def test_several_files_that_are_written_at_once_are_each_followed(tmp_path: Path, rig_of: MakeRig) -> None:
    rig = rig_of("*.log")
    for turn in range(3):
        for name in ("a", "b", "c"):
            append(tmp_path / f"{name}.log", b"%s%d\n" % (name.encode(), turn))
        rig.settle()
    assert sorted(rig.lines()) == sorted(b"%s%d\n" % (n, t) for n in (b"a", b"b", b"c") for t in range(3))


@pytest.mark.parametrize("pattern", ["app.log", "app.log*"])
def test_a03_two_quick_rotations_while_behind_lose_nothing_and_keep_the_order(
    tmp_path: Path, rig_of: MakeRig, pattern: str
) -> None:
    log = tmp_path / "app.log"
    rig = rig_of(pattern)
    for generation in range(3):
        append(log, b"".join(b"%d-%d\n" % (generation, n) for n in range(50)))
        rig.look()
        if generation < 2:
            log.rename(tmp_path / f"app.log.{generation}")
    rig.settle()
    assert rig.lines() == [b"%d-%d\n" % (generation, n) for generation in range(3) for n in range(50)]


def test_a04_truncated_and_grown_past_its_old_size_is_read_from_the_beginning(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    log = tmp_path / "app.log"
    append(log, b"one\ntwo\n")
    rig = rig_of()
    rig.settle()
    log.write_bytes(b"another life, longer than the first\n" * 3)
    rig.settle()
    assert rig.lines()[2:] == [b"another life, longer than the first\n"] * 3
    assert rig.pipeline.counters.events["truncated"] == 1


def test_a04_what_is_known_to_be_lost_by_a_truncation_is_counted(tmp_path: Path, rig_of: MakeRig) -> None:
    log = tmp_path / "app.log"
    append(log, b"one\n")
    rig = rig_of()
    rig.settle()
    append(log, b"never read\n")
    rig.look()
    os.truncate(log, 0)
    rig.settle()
    assert rig.pipeline.counters.dropped["truncated_unread_bytes"] == len(b"never read\n")


def test_a04_copytruncate_with_the_copy_in_the_pattern_continues_in_the_copy(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    log = tmp_path / "app.log"
    append(log, b"read\n")
    rig = rig_of("app.log*")
    rig.settle()
    append(log, b"not read yet\n")
    shutil.copyfile(log, tmp_path / "app.log.1")
    os.truncate(log, 0)
    append(log, b"after\n")
    rig.settle(seconds=10)
    assert rig.lines() == [b"read\n", b"not read yet\n", b"after\n"]
    assert len({event_id for event_id, _ in rig.sent}) == 3


def test_a16_a_file_that_waits_because_it_may_be_a_copy_counts_as_behind(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    log = tmp_path / "app.log"
    append(log, b"read\nand more\n")
    rig = rig_of("app.log*")
    rig.settle()
    shutil.copyfile(log, tmp_path / "app.log.1")
    rig.look()
    rig.read()
    assert (rig.pipeline.bytes_behind, rig.pipeline.files_behind) == (14, 1)


def test_a_copy_that_was_made_while_the_agent_was_down_is_not_sent_again(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    log = tmp_path / "app.log"
    append(log, b"read\n")
    rig = rig_of("app.log*")
    rig.settle()
    rig.kill()
    append(log, b"not read yet\n")
    shutil.copyfile(log, tmp_path / "app.log.1")
    os.truncate(log, 0)
    append(log, b"after\n")
    rig.start().settle(seconds=10)
    assert sorted(rig.lines()) == [b"after\n", b"not read yet\n", b"read\n"]
    assert len(rig.sent) == 3


def test_a05_a_reused_inode_number_is_another_file(tmp_path: Path, rig_of: MakeRig) -> None:
    log = tmp_path / "app.log"
    rig = rig_of()
    expected = []
    for generation in range(5):
        line = b"generation %d\n" % generation
        append(log, line)
        expected.append(line)
        rig.settle()
        rig.kill()
        log.unlink()
        append(log, b"again %d\n" % generation)
        expected.append(b"again %d\n" % generation)
        rig.start().settle()
        log.unlink()
        rig.settle()
    assert rig.lines() == expected
    rig.check_ids()


def test_a06_files_with_the_same_short_beginning_never_share_a_checkpoint(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    for name in ("a", "b"):
        append(tmp_path / f"{name}.csv", b"id,name\n")
    rig = rig_of("*.csv")
    rig.settle(seconds=10)
    append(tmp_path / "b.csv", b"1,x\n")
    rig.settle(seconds=10)
    rig.kill()
    append(tmp_path / "a.csv", b"2,y\n")
    rig.start().settle(seconds=10)
    assert sorted(line for _, line in rig.sent) == [b"1,x\n", b"2,y\n", b"id,name\n", b"id,name\n"]
    assert len({event_id for event_id, _ in rig.sent}) == 4


def test_a07_the_unterminated_end_of_a_rotated_file_is_sent_when_it_has_been_quiet(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    log = tmp_path / "app.log"
    append(log, b"whole\npart")
    rig = rig_of(rotatedQuietMillis=5000)
    rig.settle()
    log.rename(tmp_path / "old.log")
    rig.settle(seconds=1)
    assert rig.lines() == [b"whole\n"]
    rig.settle(seconds=10)
    assert rig.lines() == [b"whole\n", b"part\n"]


def test_a07_a_line_beyond_memory_goes_whole_to_a_file_of_its_own(tmp_path: Path, rig_of: MakeRig) -> None:
    log = tmp_path / "app.log"
    giant = b"x" * 12_000_000
    append(log, b"before\n" + giant + b"\nafter\n")
    rig = rig_of()
    rig.settle()
    assert rig.lines() == [b"before\n", b"after\n"]
    assert [reject.code for reject in rig.rejects] == ["line_too_long"]
    (raw,) = [path for path in tmp_path.iterdir() if path.name.endswith("-7")]
    assert raw.read_bytes() == giant + b"\n"


def test_a_record_over_the_destination_s_limit_goes_whole_to_the_rejects_file(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    log = tmp_path / "app.log"
    append(log, b"y" * 1_100_000 + b"\nsmall\n")
    rig = rig_of()
    rig.settle()
    assert rig.lines() == [b"small\n"]
    assert rig.rejects[0].code == "record_too_large"
    assert rig.rejects[0].data == b"y" * 1_100_000 + b"\n"


def test_strict_cuts_a_large_record_as_the_original_does(tmp_path: Path, rig_of: MakeRig) -> None:
    log = tmp_path / "app.log"
    append(log, b"y" * 1_100_000 + b"\n")
    rig = rig_of(strict=True, truncatedRecordTerminator="!\n")
    rig.settle()
    assert rig.lines()[0].endswith(b"y!\n")
    assert 1_048_000 < len(rig.lines()[0]) < 1_048_576
    assert rig.rejects == []


def test_a_line_that_does_not_match_is_kept_with_its_place_and_reason(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    option = {"optionName": "LOGTOJSON", "logFormat": "SYSLOG"}
    append(tmp_path / "app.log", b"Mar 12 12:01:02 h p: x\nnonsense\n")
    rig = rig_of(dataProcessingOptions=[option])
    rig.settle()
    assert len(rig.lines()) == 1
    assert (rig.rejects[0].offset, rig.rejects[0].code, rig.rejects[0].data) == (
        23,
        "logformat_mismatch",
        b"nonsense\n",
    )
    assert rig.pipeline.counters.rejected == {"logformat_mismatch": 1}


def test_on_mismatch_raw_sends_the_line_and_drop_counts_it(tmp_path: Path, rig_of: MakeRig) -> None:
    option = {"optionName": "LOGTOJSON", "logFormat": "SYSLOG"}
    append(tmp_path / "app.log", b"nonsense\n")
    raw = rig_of(dataProcessingOptions=[option], onMismatch="raw")
    raw.settle()
    assert raw.lines() == [b"nonsense\n"]
    dropping = rig_of(dataProcessingOptions=[option], onMismatch="drop")
    dropping.settle()
    assert dropping.lines() == []
    assert dropping.pipeline.counters.dropped == {"logformat_mismatch": 1}


def test_header_lines_are_skipped_at_the_beginning_of_every_file_and_only_there(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    log = tmp_path / "app.log"
    append(log, b"h1\n")
    rig = rig_of(skipHeaderLines=2)
    rig.settle()
    append(log, b"h2\na\n")
    rig.settle()
    rig.kill()
    append(log, b"b\n")
    rig.start().settle()
    log.rename(tmp_path / "old")
    append(log, b"h1\nh2\nc\n")
    rig.settle()
    assert rig.lines() == [b"a\n", b"b\n", b"c\n"]


def test_a_footer_ends_the_file_until_more_is_appended(tmp_path: Path, rig_of: MakeRig) -> None:
    log = tmp_path / "app.log"
    append(log, b"a\n-- END --\nbehind\n")
    rig = rig_of(fileFooterPattern="-+ END -+")
    rig.settle()
    append(log, b"later\n")
    rig.settle()
    assert rig.lines() == [b"a\n", b"later\n"]


def test_a_stack_trace_that_is_written_in_two_parts_stays_one_record(tmp_path: Path, rig_of: MakeRig) -> None:
    log = tmp_path / "app.log"
    append(log, b"[1] error\n")
    rig = rig_of(multiLineStartPattern="^\\[", multiLineHoldMillis=1000)
    rig.settle()
    append(log, b"  at x\n")
    rig.settle(seconds=0.5)
    assert rig.lines() == []
    rig.settle(seconds=2)
    append(log, b"[2] next\n[3] last\n")
    rig.settle(seconds=0.1)
    assert rig.lines() == [b"[1] error\n  at x\n", b"[2] next\n"]


def test_a11_a_file_that_vanishes_between_list_and_open_changes_nothing(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    class Vanishing(RealDisk):
        """Names a file that is not there."""

        def names(self, directory: str) -> list[str]:
            return [*super().names(directory), "ghost.log"]

    append(tmp_path / "app.log", b"a\n")
    rig = rig_of("*.log", disk=Vanishing())
    rig.settle()
    assert rig.lines() == [b"a\n"]
    assert rig.pipeline.counters.errors_in_a_row == 0


def test_a16_an_unreadable_file_raises_the_error_gauge_and_stops_no_other_file(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    class Refusing(RealDisk):
        """Refuses one file until it is mended."""

        mended = False

        def open(self, path: str) -> int:
            if path.endswith("secret.log") and not self.mended:
                raise PermissionError(errno.EACCES, "Permission denied", path)
            return super().open(path)

    append(tmp_path / "app.log", b"a\n")
    append(tmp_path / "secret.log", b"s\n")
    disk = Refusing()
    rig = rig_of("*.log", disk=disk)
    rig.settle()
    assert rig.lines() == [b"a\n"]
    assert rig.pipeline.counters.events["open_error"] > 0
    disk.mended = True
    rig.settle()
    assert rig.lines() == [b"a\n", b"s\n"]


def test_a12_with_a_full_disk_nothing_new_is_sent_and_everything_is_sent_later(
    tmp_path: Path, rig_of: MakeRig
) -> None:
    append(tmp_path / "app.log", b"a\nb\n")
    rig = rig_of(packBytes=1000)
    rig.save_error = OSError(errno.ENOSPC, "No space left on device")
    rig.settle()
    assert rig.sent == []
    assert rig.delivery.save_errors > 0
    rig.save_error = None
    rig.settle(seconds=5)
    assert rig.lines() == [b"a\n", b"b\n"]


def test_a12_a_reject_that_cannot_be_stored_holds_its_line_back(tmp_path: Path, rig_of: MakeRig) -> None:
    option = {"optionName": "LOGTOJSON", "logFormat": "SYSLOG"}
    append(tmp_path / "app.log", b"nonsense\n")
    rig = rig_of(dataProcessingOptions=[option])
    rig.rejects_error = OSError(errno.ENOSPC, "No space left on device")
    rig.settle()
    assert rig.pipeline.counters.events["read_error"] > 0
    rig.rejects_error = None
    rig.settle(seconds=5)
    assert [reject.data for reject in rig.rejects] == [b"nonsense\n"]


def test_a10_the_checkpoint_stays_before_an_unacknowledged_batch(tmp_path: Path, rig_of: MakeRig) -> None:
    append(tmp_path / "app.log", b"".join(b"%03d\n" % n for n in range(30)))
    rig = rig_of(maxBufferSizeRecords=10)
    rig.read()
    for _ in range(2):
        rig.acknowledge(1)
    rig.now_s += 1
    rig.delivery.touch()
    rig.delivery.housekeep(rig.now_s)
    stored = decode(rig.stored)
    assert stored is not None
    assert stored[rig.flow.id][0].offset == 0
    rig.acknowledge()
    rig.now_s += 1
    rig.delivery.housekeep(rig.now_s)
    stored = decode(rig.stored)
    assert stored is not None
    assert stored[rig.flow.id][0].offset == 120


@pytest.mark.parametrize("keys", [{}, {"httpEndpoint": "http://127.0.0.1:1/v1"}])
def test_a10_two_files_that_end_where_a_batch_is_full_are_not_sent_again_after_a_restart(
    tmp_path: Path, rig_of: MakeRig, keys: dict[str, Any]
) -> None:
    for name in ("a", "b"):
        append(tmp_path / f"{name}.log", b"".join(b'{"%b":%d}\n' % (name.encode(), n) for n in range(500)))
    rig = rig_of("*.log", **keys)
    rig.settle()
    stored = (decode(rig.stored) or {})[rig.flow.id]
    assert [(found.offset, found.planned) for found in stored] == [(found.size, ()) for found in stored]
    rig.kill()
    rig.start().settle()
    assert len(rig.sent) == len(dict(rig.sent)) == 1000


@pytest.mark.parametrize("pack", [0, 40, 25_600])
def test_a01_after_a_kill_the_same_units_are_made_again(tmp_path: Path, rig_of: MakeRig, pack: int) -> None:
    log = tmp_path / "app.log"
    append(log, b"".join(b"%03d\n" % n for n in range(30)))
    rig = rig_of(packBytes=pack)
    rig.read()
    rig.kill()
    append(log, b"".join(b"%03d\n" % n for n in range(30, 60)))
    rig.start().settle()
    rig.check_ids()
    assert len(dict(rig.sent)) == 60
    assert len({line for _, line in rig.sent}) == 60


def test_memory_stays_bounded_while_the_destination_does_not_answer(tmp_path: Path, rig_of: MakeRig) -> None:
    append(tmp_path / "app.log", b"z" * 99 + b"\n" + (b"z" * 99 + b"\n") * 100_000)
    rig = rig_of(packBytes=25_600)
    rig.room_bytes = 2 * 1024 * 1024
    rig.kill()
    rig.start()
    rig.look()
    rig.read()
    assert 1_000_000 < rig.pipeline.batcher.buffered_bytes <= 2 * 1024 * 1024
    rig.settle()
    assert len(rig.sent) >= 100_001
