"""Lines that would end, stop or mislead an agent: each is rejected with its reason, and the others go on."""

import errno
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from headgate.agent.rejects import Reject, Rejects
from tests.agent_rig import Rig, flow_of

CASES = Path(__file__).parent.parent / "data" / "cases" / "agent"
CSV = {"optionName": "CSVTOJSON", "customFieldNames": ["id", "text", "end"], "quoted": True}
SLOW = r"^((?:\w+\s?)+)$"


def rig_of(folder: Path, data: bytes, **keys: Any) -> Rig:
    (folder / "app.log").write_bytes(data)
    keys.setdefault("initialPosition", "START_OF_FILE")
    rig = Rig(flow_of(filePattern=f"{folder}/app.log*", **keys), raw_directory=folder).start()
    rig.settle()
    return rig


def test_a_stray_carriage_return_rejects_its_line_only(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, (CASES / "quoted_stray_cr.log").read_bytes(), dataProcessingOptions=[CSV])
    assert [json.loads(line)["id"] for line in rig.lines()] == ["1", "3"]
    assert [(reject.code, reject.data) for reject in rig.rejects] == [("csv_malformed", b"2,x\ry,z\n")]


def test_a_quoted_cell_with_a_line_break_makes_no_wrong_events(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, (CASES / "quoted_line_break.log").read_bytes(), dataProcessingOptions=[CSV])
    assert [json.loads(line)["id"] for line in rig.lines()] == ["1", "5"]
    assert [reject.data for reject in rig.rejects] == [b'4,"multi\n', b'line",z\n']


def test_a_quoted_cell_keeps_its_line_break_in_a_record_of_several_lines(tmp_path: Path) -> None:
    data = b'1,"a\nb",c\n2,x\ny,z\n3,d,e\n'
    rig = rig_of(tmp_path, data, dataProcessingOptions=[CSV], multiLineStartPattern=r"\d,")
    rig.settle(seconds=2)
    assert [json.loads(line)["text"] for line in rig.lines()] == ["a\nb", "d"]
    assert [reject.data for reject in rig.rejects] == [b"2,x\ny,z\n"]


def test_a_cell_of_any_size_is_converted(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, b'1,"' + b"x" * 200_000 + b'",z\n', dataProcessingOptions=[CSV])
    assert [len(json.loads(line)["text"]) for line in rig.lines()] == [200_000]


@pytest.mark.parametrize("text", [b"word " * 12 + b"!", b"a" * 60 + b"!"])
def test_a_pattern_that_backtracks_rejects_its_line_and_the_flow_goes_on(tmp_path: Path, text: bytes) -> None:
    option = {
        "optionName": "LOGTOJSON",
        "logFormat": "SYSLOG",
        "matchPattern": SLOW,
        "customFieldNames": ["a"],
    }
    started = time.process_time()
    rig = rig_of(tmp_path, b"good\n" + text + b"\nalso good\n", dataProcessingOptions=[option])
    assert [json.loads(line)["a"] for line in rig.lines()] == ["good", "also good"]
    assert [reject.code for reject in rig.rejects] == ["pattern_timeout"]
    assert time.process_time() - started < 10


@pytest.mark.parametrize("key", ["multiLineStartPattern", "fileFooterPattern"])
def test_a_pattern_for_framing_that_backtracks_loses_no_line(tmp_path: Path, key: str) -> None:
    slow = b"a" * 60 + b"!\n"
    rig = rig_of(tmp_path, b"[1] x\n" + slow + b"[2] y\n", **{key: r"(\[|(?:\w+\s?)+$)"})
    rig.settle(seconds=2)
    assert b"".join(rig.lines()) == b"[1] x\n" + slow + b"[2] y\n"
    assert rig.pipeline.counters.events["pattern_timeout"] >= 1


def test_a_delimiter_that_backtracks_rejects_its_line(tmp_path: Path) -> None:
    option = {"optionName": "CSVTOJSON", "customFieldNames": ["a"], "delimiter": r"(?:\w+\s?)+;"}
    rig = rig_of(tmp_path, b"a" * 60 + b"\nb;c\n", dataProcessingOptions=[option])
    assert [reject.code for reject in rig.rejects] == ["pattern_timeout"]
    assert len(rig.lines()) == 1


def test_a_record_of_addbrackets_ends_its_line(tmp_path: Path) -> None:
    option = {"optionName": "ADDBRACKETS"}
    rig = rig_of(tmp_path, (CASES / "addbrackets.log").read_bytes(), dataProcessingOptions=[option])
    assert rig.lines() == [b'{"k":1}\n', b'{"k":2}\n']


def test_strict_leaves_the_record_of_addbrackets_as_the_original_makes_it(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, b'"k":1\n', dataProcessingOptions=[{"optionName": "ADDBRACKETS"}], strict=True)
    assert [line for _, line in rig.sent] == [b'{"k":1\n}']


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    data = (CASES / "bom_first_line.log").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rig = rig_of(tmp_path, data)
    assert b"".join(rig.lines()) == data[3:]
    assert rig.pipeline.counters.events["byte_order_mark"] == 1


def test_header_lines_are_skipped_behind_a_byte_order_mark(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, b"\xef\xbb\xbfheader\n1\n2\n", skipHeaderLines=1)
    assert rig.lines() == [b"1\n", b"2\n"]


@pytest.mark.parametrize("start", [None, r"\d"])
def test_the_hole_that_copytruncate_leaves_is_skipped_and_counted(tmp_path: Path, start: str | None) -> None:
    keys = {} if start is None else {"multiLineStartPattern": start}
    rig = rig_of(tmp_path, b"1 old\n" * 1000, **keys)
    log = tmp_path / "app.log"
    with log.open("r+b") as writer:  # as a writer without O_APPEND: it goes on at its old offset
        writer.truncate(0)
        writer.seek(62_900_000)
        writer.write(b"1 new\n2 new\n")
    for _ in range(5):
        rig.settle(seconds=1)
    assert rig.lines()[-2:] == [b"1 new\n", b"2 new\n"]
    assert rig.pipeline.counters.events["hole_bytes"] == 62_900_000
    assert rig.rejects == []


def test_a_few_nuls_inside_a_file_are_part_of_their_line(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, b"a\n\0\0b\n" + b"\0" * 5000 + b"c\n")
    assert rig.lines() == [b"a\n", b"\0\0b\n", b"c\n"]


class FullDisk(io.BytesIO):
    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > 700:
            raise OSError(errno.ENOSPC, "no space left on device")
        return super().write(data)


def test_a_full_disk_under_the_rejects_keeps_whole_lines_and_counts_the_rest(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path, max_bytes=1 << 30)
    one = Reject("f", "/l", 7, "k/7", "code", "why", b"text\n")
    assert rejects.write([one]) == 0
    rejects.close()
    rejects._file = FullDisk()
    assert rejects.write([one] * 50) == 50
    assert rejects.write([one]) == 0


def test_the_limit_of_the_rejects_covers_long_lines_too(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path, max_bytes=1000)
    kept = rejects.open_raw("k", 0)
    kept.write(b"x" * 600)
    kept.close()
    lost = rejects.open_raw("k", 1)
    lost.write(b"x" * 600)
    lost.write(b"x" * 600)
    assert (kept.kept, lost.kept) == (True, False)
    assert not lost.path.exists()
    one = Reject("f", "/l", 7, "k/7", "code", "why", b"x" * 500)
    assert rejects.write([one]) == 1
    rejects.close()
    lost.close()


def test_a_long_line_without_room_is_counted_and_the_flow_goes_on(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_bytes(b"before\n" + b"x" * 12_000_000 + b"\nafter\n")
    flow = flow_of(filePattern=f"{tmp_path}/app.log*", initialPosition="START_OF_FILE")
    rig = Rig(flow, raw_directory=tmp_path, raw_room_bytes=1_000_000).start()
    rig.settle()
    assert rig.lines() == [b"before\n", b"after\n"]
    assert rig.pipeline.counters.dropped["rejects_full"] == 1


def test_a_long_line_at_the_end_of_a_rotated_file_is_kept_too(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, b"before\n" + b"x" * 12_000_000, rotatedQuietMillis=1000)
    (tmp_path / "app.log").rename(tmp_path / "gone")
    rig.settle(seconds=1)
    for _ in range(3):
        rig.settle(seconds=2)
    assert [reject.code for reject in rig.rejects] == ["line_too_long"]
    assert rig.pipeline.files.files == []
