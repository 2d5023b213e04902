"""The small rules of the agent: names, progress, batches, identity, KPL, finishing, metrics."""

import json
from typing import Any

import pytest

from headgate.agent.batching import Batcher, Lines, Shape
from headgate.agent.check import StateCheck, check
from headgate.agent.config.fileglob import glob_expression, parse_file_pattern
from headgate.agent.config.load import Loaded, load
from headgate.agent.config.values import ValueProblem
from headgate.agent.convert.build import Surroundings, build_chain, log_options
from headgate.agent.convert.chain import Dropped
from headgate.agent.convert.logs import explain_mismatch
from headgate.agent.metrics import Metrics
from headgate.agent.outgoing import as_object, make_final_step, ordering_key
from headgate.agent.tail.checkpoint import Progress
from headgate.agent.tail.disk import RealDisk
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import Inode, Mark, file_key
from headgate.agent.text import decode, dump_pretty, java_double, quote
from tests.agent_rig import AROUND

LINE = '1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 1 "-" "curl"'


@pytest.mark.parametrize(
    ("glob", "name", "expected"),
    [
        ("app.log*", "app.log.1", True),
        ("*", ".hidden", True),
        ("**", "a", True),
        ("a?c", "abc", True),
        ("[!a]x", "bx", True),
        ("[!a]x", "ax", False),
        ("[^b]x", "^x", True),
        ("[^b]x", "bx", True),
        ("[a-c]x", "bx", True),
        ("[-a]x", "-x", True),
        ("{a,b*}.log", "bcd.log", True),
        ("{a,b}.log", "c.log", False),
        (r"\*x", "*x", True),
        (r"\*x", "ax", False),
        ("A.log", "a.log", False),
        ("*", "a.GZ", False),
        ("*", "a.bz2", False),
        ("*", "a.zip", False),
        ("*", "a.zst", False),
        ("*", "a.xz", False),
        ("*", "a.lz4", False),
        ("*", "a.Z", False),
        ("*", "a.gz.txt", True),
    ],
)
def test_a_name_matches_as_a_java_glob_does(glob: str, name: str, expected: bool) -> None:  # noqa: FBT001 - one call, by position
    assert parse_file_pattern(f"/d/{glob}").matches(name) == expected


@pytest.mark.parametrize("glob", ["[a", "{a", "{a,{b}}", "a\\", "[b-a]"])
def test_a_broken_glob_is_refused(glob: str) -> None:
    with pytest.raises(ValueProblem):
        glob_expression(glob)


def test_a10_the_offset_only_moves_over_a_contiguous_prefix() -> None:
    progress = Progress(0)
    for start in (0, 10, 20):
        progress.add(start, start + 10)
    assert not progress.acknowledge(10)
    assert not progress.acknowledge(20)
    assert progress.offset == 0
    assert progress.acknowledge(0)
    assert (progress.offset, progress.pending) == (30, False)


def test_a10_an_empty_span_is_refused_because_it_could_never_be_acknowledged() -> None:
    progress = Progress(0)
    with pytest.raises(ValueError, match="is empty"):
        progress.add(7, 7)
    assert not progress.pending


def file_of(key: str = "k") -> TailedFile:
    file = TailedFile(RealDisk(), -1, "/x", Inode(1, 2))
    file.name(key, 0)
    return file


def test_lines_are_packed_without_being_cut_and_dropped_ones_are_covered() -> None:
    batcher = Batcher(Shape(unit_bytes=6, unit_lines=10, batch_units=2, batch_bytes=1000))
    file = file_of()
    batcher.add(file, 0, Lines([b"aa\n", None, b"bb\n", b"cc\n", b"dddddddd\n"], [3, 9, 12, 15, 24]), 0.0)
    batcher.close()
    units = [(unit.id, unit.data, unit.end) for batch in batcher.closed for unit in batch.units]
    assert units == [("k/0", b"aa\nbb\n", 12), ("k/12", b"cc\n", 15), ("k/15", b"dddddddd\n", 24)]
    assert [batch.spans[id(file)] for batch in batcher.closed] == [[0, 15], [15, 24]]


def test_records_of_two_ordering_keys_never_share_a_unit() -> None:
    batcher = Batcher(Shape(unit_bytes=100, unit_lines=10, batch_units=10, batch_bytes=1000))
    batcher.add(file_of(), 0, Lines([b"a\n", b"b\n", b"c\n"], [2, 4, 6], ["x", "x", "y"]), 0.0)
    batcher.close()
    assert [(unit.data, unit.ordering) for unit in batcher.closed[0].units] == [
        (b"a\nb\n", "x"),
        (b"c\n", "y"),
    ]


def test_a_batch_keeps_the_limits_of_the_call() -> None:
    batcher = Batcher(Shape(unit_bytes=0, unit_lines=1, batch_units=500, batch_bytes=1000))
    lines = [b"x" * 99 + b"\n"] * 50
    batcher.add_single_lines(file_of(), 0, Lines(lines, [100 * (n + 1) for n in range(50)]), 0.0)
    batcher.close()
    assert max(batch.size_bytes for batch in batcher.closed) <= 1000
    assert sum(len(batch.units) for batch in batcher.closed) == 50


@pytest.mark.parametrize(
    "shape",
    [
        Shape(unit_bytes=0, unit_lines=1, batch_units=3, batch_bytes=10_000),  # by count
        Shape(unit_bytes=0, unit_lines=1, batch_units=500, batch_bytes=150),  # by size
        Shape(unit_bytes=100, unit_lines=10, batch_units=1, batch_bytes=200),  # a request a unit
    ],
)
def test_a10_a_batch_that_is_full_covers_nothing_of_the_next_file(shape: Shape) -> None:
    for add in (Batcher.add, Batcher.add_single_lines):
        batcher = Batcher(shape)
        files = [file_of("a"), file_of("b")]
        for start in range(0, 36, 9):
            for file in files:
                add(batcher, file, start, Lines([b"aa\n"] * 3, [start + 3, start + 6, start + 9]), 0.0)
        batcher.close()
        for file in files:
            spans = [batch.spans[id(file)] for batch in batcher.closed if id(file) in batch.spans]
            assert all(start < end for start, end in spans)
            assert [start for start, _ in spans] == [0, *(end for _, end in spans[:-1])]
            assert spans[-1][1] == 36


def test_a05_a_file_key_depends_on_everything_that_makes_a_file_another() -> None:
    keys = {
        file_key(flow, Inode(1, number, birth), first, generation)
        for flow in ("f", "g")
        for number in (1, 2)
        for birth in (None, 5)
        for first in (b"a", b"b")
        for generation in (0, 1)
    }
    assert len(keys) == 32


def test_a_birth_time_that_is_unknown_proves_nothing() -> None:
    assert Inode(1, 2, None).same_as(Inode(1, 2, 7))
    assert not Inode(1, 2, 6).same_as(Inode(1, 2, 7))
    assert not Mark.of(b"abc").fits(b"ab")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (b'{"a":1}\n', b'{"a":1}\n'),
        (b'{"a":\n 1}\r\n', b'{"a": 1}\n'),
        (b"plain\r\n", b'{"message":"plain"}\n'),
        (b"{broken\n", b'{"message":"{broken"}\n'),
        (b"[1]\n", b'{"message":"[1]"}\n'),
        (b"\xff\n", '{"message":"\ufffd","message_base64":"/w=="}\n'.encode()),
    ],
)
def test_http_gets_an_object_for_every_line(record: bytes, expected: bytes) -> None:
    assert as_object(record) == expected


def test_source_metadata_is_added_to_the_object() -> None:
    finish = make_final_step("host", http=False, converted=True)
    assert finish is not None
    assert json.loads(finish(b'{"a":"1"}\n', "/l", 7)) == {
        "a": "1",
        "source": {"host": "host", "file": "/l", "offset": 7},
    }
    assert json.loads(finish(b"{}\n", "/l", 0))["source"]["offset"] == 0


def test_an_ordering_key_is_the_text_of_a_top_level_field() -> None:
    assert ordering_key(b'{"user":"u"}', "user") == "u"
    assert ordering_key(b'{"user":{"id":1}}', "user") == '{"id":1}'
    assert ordering_key(b"text", "user") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, "1.0"), (1e7, "1.0E7"), (12345678.5, "1.23456785E7"), (0.001, "0.001"), (1e-4, "1.0E-4")],
)
def test_a_double_is_written_as_java_writes_it(value: float, expected: str) -> None:
    assert java_double(value) == expected


def test_json_strings_have_capital_hex_and_raw_delete() -> None:
    assert quote('\x1b\x0b\x7f"\\/é\u2028') == '"\\u001B\\u000B\x7f\\"\\\\/é\u2028"'
    assert quote("\\u001b") == '"\\\\u001b"'


def test_pretty_print_puts_arrays_on_one_line() -> None:
    assert (
        dump_pretty({"a": [], "b": [1, "x"], "c": {}})
        == '{\n  "a" : [ ],\n  "b" : [ 1, "x" ],\n  "c" : { }\n}'
    )


def test_encoded_surrogates_become_one_replacement_as_in_java() -> None:
    assert decode(b"a\xed\xa0\x80b\xe2\x82c") == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("x@y - - [", "host"),
        (LINE.replace("10/Oct", "32/Oct"), "datetime"),
        (LINE.replace("200 1 ", "two 1 "), "response"),
        (LINE[:-6], "agent"),
        (LINE + "\r", "left over"),
    ],
)
def test_explain_names_the_part_where_a_line_leaves_the_format(line: str, part: str) -> None:
    options = log_options({"logFormat": "COMBINEDAPACHELOG"})
    assert part in explain_mismatch(options, line)


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        ({"acceptCrlf": True}, LINE + "\r\n"),
        ({"acceptIpv6": True}, LINE.replace("1.2.3.4", "2001:db8::1") + "\n"),
    ],
)
def test_our_own_options_take_what_the_original_drops(extra: dict[str, Any], line: str) -> None:
    option = {"optionName": "LOGTOJSON", "logFormat": "COMBINEDAPACHELOG"}
    for chain, taken in (
        (build_chain([option], AROUND), False),
        (build_chain([option | extra], AROUND), True),
    ):
        assert isinstance(chain.convert(line.encode()), bytes) == taken
        assert isinstance(chain.convert_block(line.encode())[0], bytes) == taken


def test_quoted_csv_is_an_option_of_our_own() -> None:
    option = {"optionName": "CSVTOJSON", "customFieldNames": ["a", "b"], "quoted": True}
    assert (
        build_chain([option], AROUND).convert(b'"x, y","say ""hi"""\r\n')
        == b'{"a":"x, y","b":"say \\"hi\\""}\n'
    )


def test_a_converter_that_fails_sends_the_original_record_and_is_counted() -> None:
    option = {"optionName": "ADDEC2METADATA", "logFormat": "SYSLOG"}
    chain = build_chain([{"optionName": "SINGLELINE"}, option], Surroundings(AROUND.now, lambda: None))
    assert chain.convert(b' {"a": 1} \n') == b' {"a": 1} \n'
    assert chain.failures == 1


def test_a_pattern_whose_groups_do_not_fit_the_names_drops_every_record() -> None:
    option = {
        "optionName": "LOGTOJSON",
        "logFormat": "SYSLOG",
        "matchPattern": "(a)(b)",
        "customFieldNames": ["x"],
    }
    assert isinstance(build_chain([option], AROUND).convert(b"ab\n"), Dropped)


def test_metrics_are_statistic_sets_with_the_original_s_dimensions() -> None:
    calls: list[dict[str, Any]] = []
    metrics = Metrics(lambda **call: calls.append(call), "AWSKinesisAgent", 10, "i-1")
    for value in (1, 3):
        metrics.add("KinesisStream:s", "RecordsSent", value)
    metrics.close(5)
    (datum,) = calls[0]["MetricData"]
    assert datum["StatisticValues"] == {"SampleCount": 2, "Sum": 4.0, "Minimum": 1, "Maximum": 3}
    assert datum["Dimensions"] == [
        {"Name": "Destination", "Value": "KinesisStream:s"},
        {"Name": "Instance", "Value": "i-1"},
    ]


def test_metrics_that_cloudwatch_refuses_stop_nothing() -> None:
    refused: list[object] = []

    def refuse(**call: object) -> None:
        refused.append(call)
        raise OSError("no route")

    metrics = Metrics(refuse, "n", 10, None)
    metrics.add("d", "m", 1)
    metrics.close(5)
    metrics.add("d", "m", 1)
    metrics.close(5)
    assert len(refused) == 2


def checked(probe: str | None = None, *, has_run: bool = False, **keys: Any) -> tuple[int, list[str]]:
    said: list[str] = []
    text = json.dumps({"flows": [{"filePattern": "/nosuch/x", "kinesisStream": "s", **keys}]})
    loaded = load(
        text,
        {},
        cores=1,
        check_options=lambda options: build_chain(options, AROUND),
        read_secret=lambda _path: "",
    )
    state = StateCheck("/state", None, lambda _flow: has_run, lambda _flow: probe)
    return check(loaded, RealDisk(), said.append, state), said


def test_check_counts_the_groups_of_a_pattern() -> None:
    option = {
        "optionName": "LOGTOJSON",
        "logFormat": "SYSLOG",
        "matchPattern": "(a)",
        "customFieldNames": ["a", "b"],
    }
    code, said = checked(dataProcessingOptions=[option])
    assert code == 1
    assert "  error: matchPattern has 1 group for 2 customFieldNames: every line would be rejected" in said


def test_check_says_when_a_checkpoint_makes_the_start_of_file_moot() -> None:
    code, said = checked(has_run=True, initialPosition="START_OF_FILE")
    assert code == 0
    assert any("START_OF_FILE counts at the first start only" in line for line in said)


@pytest.mark.parametrize(
    ("found", "code"), [("error: there is no stream", 1), ("warning: not known", 0), (None, 0)]
)
def test_check_ends_with_1_for_a_destination_that_is_not_there(found: str | None, code: int) -> None:
    assert checked(found)[0] == code


def test_check_says_what_is_wrong_and_ends_with_1() -> None:
    said: list[str] = []
    assert (
        check(Loaded(None, ["flows must be an array"], ["x is not a known key"]), RealDisk(), said.append)
        == 1
    )
    assert said == ["error: flows must be an array", "warning: x is not a known key"]
