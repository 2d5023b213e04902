"""What `headgate query` prints, says and ends with, for SQL that is good, odd, empty or endless."""

import io
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headgate.__main__ import main
from headgate.query.running import distinct

ROOT = Path(__file__).parents[2]
ENDLESS = "select count(*) from range(100000000000) t(a) where a % 7 = 3"
DEADLINE_S = 30.0


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is a bucket with nothing in it."""
    monkeypatch.chdir(ROOT)
    (tmp_path / "curated").mkdir()
    return tmp_path


def _ask(bucket: Path, *words: str) -> int:
    return main(["query", "--files", str(bucket), *words])


def _row(bucket: Path, sql: str, capfdbinary: pytest.CaptureFixture[bytes]) -> dict[str, Any]:
    assert _ask(bucket, sql) == 0
    row: dict[str, Any] = json.loads(capfdbinary.readouterr().out)
    return row


@pytest.mark.parametrize("pages", [False, True])
def test_ctrl_c_ends_a_query_that_would_run_for_hours(bucket: Path, *, pages: bool) -> None:
    sql = "select a from range(100000000000) t(a) where a % 1000000007 = 3" if pages else ENDLESS
    program = "import sys; from headgate.query import running; from headgate.__main__ import main; "
    program += "run = running._executed; "
    program += "running._executed = lambda *all: (print('asked', flush=True), run(*all))[1]; "
    program += "sys.exit(main(sys.argv[1:]))"
    argv = [sys.executable, "-c", program, "query", "--files", str(bucket), sql]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        try:
            assert select.select([process.stdout], [], [], DEADLINE_S)[0]
            process.send_signal(signal.SIGINT)
            assert (process.wait(DEADLINE_S), process.stderr.read()) == (130, b"")
        finally:
            process.kill()


@pytest.mark.parametrize("sql", ["", " ; ", "-- only a comment"])
def test_no_sql_is_said_in_a_sentence(bucket: Path, sql: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _ask(bucket, sql) == 2
    assert "there is no SQL" in capsys.readouterr().err


@pytest.mark.parametrize("given", [b"select \xff\xfe", b"\x80", bytes(range(256))])
def test_bytes_that_are_no_text_are_said_in_a_sentence(
    bucket: Path, given: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
    assert _ask(bucket, "-") == 2
    assert _ask(bucket, os.fsdecode(given.replace(b"\0", b""))) == 2
    assert capsys.readouterr().err.count("the SQL is not UTF-8") == 2


def test_a_time_with_a_zone_is_text_with_its_zone(
    bucket: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    time = "'2026-10-01 05:00:00.25+00'::timestamptz"
    sql = f"select {time} as t, [{time}] as l, {{'k': {time}}} as s, now() > {time} as b; -- a comment"
    shown = "2026-10-01 05:00:00.25+00"
    row = _row(bucket, sql, capfdbinary)
    assert (row["t"], row["l"], row["s"]) == (shown, [shown], {"k": shown})
    korean = _row(bucket, f"set TimeZone = 'Asia/Seoul'; select {time} as t", capfdbinary)
    assert korean == {"t": "2026-10-01 14:00:00.25+09"}
    assert "now()" in _row(bucket, "select now()", capfdbinary)


def test_the_order_of_rows_with_a_zone_is_the_querys(
    bucket: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert _ask(bucket, "select a, now() as t from range(20000) r(a) order by hash(a), a") == 0
    zoned = [json.loads(line)["a"] for line in capfdbinary.readouterr().out.splitlines()]
    assert _ask(bucket, "select a from range(20000) r(a) order by hash(a), a") == 0
    assert zoned == [json.loads(line)["a"] for line in capfdbinary.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["a_2", "a", "a", "a_2"], ["a_2", "a", "a_3", "a_2_2"]),
    ],
)
def test_columns_of_one_name_get_names_of_their_own(names: list[str], expected: list[str]) -> None:
    assert distinct(names) == expected


def test_columns_of_one_name_are_all_printed_in_every_form(
    bucket: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert _row(bucket, "select 1 as a, 2 as a", capfdbinary) == {"a": 1, "a_2": 2}
    assert list(_row(bucket, "select now() as a, now() as a", capfdbinary)) == ["a", "a_2"]
    assert _ask(bucket, "--csv", "select 1 as a, 2 as a") == 0
    assert capfdbinary.readouterr().out == b"a,a_2\n1,2\n"


def test_an_integer_beyond_64_bits_keeps_its_digits(
    bucket: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    row = _row(bucket, f"select {2**100}::hugeint as h, [{2**100}::hugeint] as l", capfdbinary)
    assert row == {"h": 2**100, "l": [2**100]}


def test_a_name_that_is_no_table_is_never_a_variable_of_the_program(
    bucket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ask(bucket, "select * from connection") == 2
    said = capsys.readouterr().err
    assert "there is no view connection; there are raw, curated, quarantine, curated_dedup" in said


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("events", "curated_dedup"),
        ('"raw-data"', "raw"),
        ("currated", "curated"),
        ("quarantin", "quarantine"),
    ],
)
def test_a_view_that_is_not_there_suggests_the_right_one(
    bucket: Path, name: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ask(bucket, " ".join(("select * from", name))) == 2
    assert f": {meant} is meant?" in capsys.readouterr().err


def test_vertical_prints_every_value_whole(bucket: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "select 1 as a, repeat('x', 300) as \"이름\", null as c union all select 2, 'y', null"
    assert _ask(bucket, "--vertical", sql) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["-- row 1", "   a  1", "이름  " + "x" * 300]
    assert lines[4:] == ["-- row 2", "   a  2", "이름  y", "   c  "]
