"""The views of `headgate query`, by DuckDB over files: columns, copies, time ranges, what is no JSON."""

import gzip
import importlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headgate.query.files import fetched, place_of, tables_in
from headgate.query.views import statements
from headgate.readers import decode
from headgate.readers.bucket import FolderBucket, Object
from headgate.readers.errors import ReaderError
from headgate.readers.span import Span
from headgate.terminal import Printer
from tests.readers_rig import START_S, World

pyarrow: Any = importlib.import_module("pyarrow")  # ships no types
parquet: Any = importlib.import_module("pyarrow.parquet")
orc: Any = importlib.import_module("pyarrow.orc")
ALWAYS = Span()
FOLDER = "curated/dt=2026-10-01/hour=05/"


def _line(event_id: str, second: int, sequence_number: str = "1", event: str = "{}") -> bytes:
    received_at = f"2026-10-01T05:00:{second:02}.250Z"
    return (
        f'{{"event_id":"{event_id}","received_at":"{received_at}","type":"t","shard_id":"s",'
        f'"sequence_number":"{sequence_number}","event":{event}}}\n'
    ).encode()


def _write(root: Path, key: str, data: bytes) -> None:
    (root / key).parent.mkdir(parents=True, exist_ok=True)
    (root / key).write_bytes(gzip.compress(data) if key.endswith(".gz") else data)


def _ask(root: Path, sql: str, span: Span = ALWAYS) -> list[tuple[Any, ...]]:
    files = fetched(FolderBucket(root), tables_in(sql), span, "UTC", root / "cache", Printer())
    with duckdb.connect(":memory:") as connection:
        for statement in statements(files, span):
            connection.execute(statement)
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("view", ["raw", "curated", "curated_dedup", "quarantine"])
def test_a_bucket_without_objects_gives_empty_views(tmp_path: Path, view: str) -> None:
    assert _ask(tmp_path, " ".join(("select count(*) from", view))) == [(0,)]


def test_curated_has_the_envelope_and_the_partition(tmp_path: Path) -> None:
    _write(tmp_path, FOLDER + "a.gz", _line("e", 1, "7", '{"n": 12345678901234567890123}'))
    _write(tmp_path, FOLDER + "b.ndjson", _line("f", 2))
    columns = "event_id, received_at::varchar, type, sequence_number, event->>'n', dt, hour"
    sql = " ".join(("select", columns, "from curated order by 1"))
    assert _ask(tmp_path, sql) == [
        ("e", "2026-10-01 05:00:01.25", "t", "7", "12345678901234567890123", "2026-10-01", "05"),
        ("f", "2026-10-01 05:00:02.25", "t", "1", None, "2026-10-01", "05"),
    ]


def test_f05_of_copies_the_first_that_arrived_is_kept(tmp_path: Path) -> None:
    copies = [_line("e", 1, "10"), _line("e", 1, "9"), _line("e", 2, "1"), _line("f", 3, "4")]
    _write(tmp_path, FOLDER + "a.gz", b"".join(copies))
    sql = "select event_id, sequence_number from curated_dedup order by 1"
    assert _ask(tmp_path, sql) == [("e", "9"), ("f", "4")]


def test_parquet_and_text_are_one_view(tmp_path: Path) -> None:
    rows = [json.loads(_line("p", 5, "3")) | {"event": '{"a": 1.50}'}]
    (tmp_path / FOLDER).mkdir(parents=True)
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / FOLDER / "a.parquet")
    _write(tmp_path, FOLDER + "b.gz", _line("t", 6))
    assert _ask(tmp_path, "select event_id, event->>'a', dt from curated order by 1") == [
        ("p", "1.50", "2026-10-01"),
        ("t", None, "2026-10-01"),
    ]


def test_a_row_of_parquet_is_read_as_the_curated_line(tmp_path: Path) -> None:
    fields = json.loads(_line("p", 5, "3")) | {"event": '{"a": 1.50}'}
    for kind, module in (("parquet", parquet), ("orc", orc)):
        path = tmp_path / f"a.{kind}"
        module.write_table(pyarrow.Table.from_pylist([fields]), path)
        assert list(decode.lines(path.name, path.read_bytes())) == [
            _line("p", 5, "3", '{"a": 1.50}').rstrip()
        ]


def test_a_range_of_time_is_what_arrived_in_it(tmp_path: Path) -> None:
    _write(tmp_path, FOLDER + "a.gz", b"".join(_line(f"e{second}", second) for second in range(10)))
    from_s = 1790830800.0  # 2026-10-01T05:00:00Z
    sql = "select min(event_id), max(event_id) from curated"
    assert _ask(tmp_path, sql, Span(from_s + 3, from_s + 6)) == [("e3", "e5")]


def test_lines_of_the_archive_that_are_no_json_are_lines(tmp_path: Path) -> None:
    data = b'{"a":"\\"quoted\\", with, commas"}\n\nplain "text\n[1]\nlast, without end'
    _write(tmp_path, "raw-data/2026/10/01/05/a.gz", data)
    assert _ask(tmp_path, "select line, event is not null, object from raw order by 1") == [
        ("[1]", True, "raw-data/2026/10/01/05/a.gz"),
        ("last, without end", False, "raw-data/2026/10/01/05/a.gz"),
        ('plain "text', False, "raw-data/2026/10/01/05/a.gz"),
        ('{"a":"\\"quoted\\", with, commas"}', True, "raw-data/2026/10/01/05/a.gz"),
    ]


def test_quarantine_has_the_reason_and_the_line(tmp_path: Path) -> None:
    world = World()
    world.put("key", b"\xff\n")
    world.put("other", b'{"type":"%s"}\n' % (b"t" * 300))
    world.deliver()
    for key, body in world.memory.bodies.items():
        _write(tmp_path, key, body)
    sql = "select event_id, code, line is null, line_base64 from quarantine order by 1"
    assert _ask(tmp_path, sql) == [
        ("key", "InvalidUtf8", True, "/w=="),
        ("other", "TypeTooLong", False, None),
    ]


def test_only_what_a_query_names_is_fetched_and_only_once(tmp_path: Path) -> None:
    world = World()
    world.put("key", b'{"a":1}\n')
    world.deliver()
    assert world.stream.now_s > START_S
    for _ in range(2):
        files = fetched(
            world.memory, tables_in("SELECT 1 FROM Curated_Dedup"), Span(), "UTC", tmp_path, Printer()
        )
        assert list(files) == ["curated"]
        (path,) = files["curated"]
        assert b'"event":{"a":1}' in path.read_bytes()
        world.memory.bodies = {}  # a second fetch would fail


def test_a_folder_that_is_no_bucket_says_what_is_in_it(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with pytest.raises(ReaderError, match="holds no single one: one, two"):
        FolderBucket.find_in(tmp_path)
    (tmp_path / "one" / "curated").mkdir()
    assert FolderBucket.find_in(tmp_path / "one").name == "one"


HOSTILE = [
    FOLDER + "../../../../escaped.ndjson",
    "curated/../../escaped.ndjson",
    FOLDER + "/../../../../../../../escaped.ndjson",
    "curated//tmp/escaped.ndjson",
    FOLDER + "..",
    FOLDER + "a\nb.ndjson",
    FOLDER + "x" * 300 + ".ndjson",
    FOLDER + "[a-z]*?.ndjson",
    FOLDER + "o'brien.ndjson",
]


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
def test_no_key_of_a_bucket_writes_outside_the_cache(tmp_path: Path, key: str) -> None:
    world = World()
    for each in (key, FOLDER + "a.ndjson"):
        world.memory.put(each, _line(f"e{len(each)}", 1))
    cache = tmp_path / "deep" / "down" / "cache"
    files = fetched(world.memory, ["curated"], ALWAYS, "UTC", cache, Printer())
    assert len(files["curated"]) == 2
    assert all(path.resolve().is_relative_to(cache.resolve()) for path in files["curated"])
    inside = {path for path in cache.rglob("*") if path.is_file()}
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == inside
    with duckdb.connect(":memory:") as connection:
        for statement in statements(files, ALWAYS):
            connection.execute(statement)
        assert connection.execute("select count(*) from curated").fetchall() == [(2,)]


@pytest.mark.parametrize("tag", ["../../../../up", "/etc/x", "..", "a/b"])
def test_no_tag_of_an_object_writes_outside_the_cache(tmp_path: Path, tag: str) -> None:
    cache = tmp_path / "deep" / "cache"
    bucket = World().memory
    found = Object(FOLDER + "a.ndjson", 1, 0.0, tag)
    place = place_of(bucket, found, cache)
    assert place.resolve().is_relative_to(cache.resolve())


def test_a_folder_gives_no_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "bucket").mkdir()
    bucket = FolderBucket(tmp_path / "bucket")
    assert bucket.find("../secret") is None
    assert bucket.find("replayed/../../secret") is None
    assert bucket.find(str(tmp_path / "secret")) is None
    assert bucket.find("a\x00b") is None


@pytest.mark.parametrize(
    ("event", "path", "sent"),
    [
        ('{"price":1.10}', "price", "1.10"),
        ('{"n":100000000000000000000.5}', "n", "100000000000000000000.5"),
        ('{"n":12345678901234567890123}', "n", "12345678901234567890123"),
        ('{"n":1E5}', "n", "1E5"),
        ('{"n":-0.0}', "n", "-0.0"),
        ('{"n":1e400}', "n", "1e400"),
        ('{"a":{"b":[1.10,{"c":2.50}]}}', "$.a.b[1].c", "2.50"),
        ('{"a":{"b":[1.10]}}', "a", '{"b":[1.10]}'),
        ('{"text":"costs 1.10 \\"each\\"","n":2.0}', "text", 'costs 1.10 "each"'),
        ('{"k 1.0":"1.10"}', "k 1.0", "1.10"),
        ('{"n":null}', "n", None),
        ('{"b":true}', "b", "true"),
    ],
)
def test_a_number_keeps_every_digit(tmp_path: Path, event: str, path: str, sent: str | None) -> None:
    _write(tmp_path, FOLDER + "a.gz", _line("e", 1, "1", event))
    sql = " ".join(("select event, event->>", f"'{path}'", "from curated"))
    assert _ask(tmp_path, sql) == [(event, sent)]


def test_a_foreign_line_or_object_in_curated_or_quarantine_breaks_no_query(tmp_path: Path) -> None:
    foreign = b'not json\n{"a":1}\n{"event_id":"x","event":{}}\n[]\n{"event":\n\xff\n'
    _write(tmp_path, FOLDER + "a.gz", foreign + _line("ours", 1) + b'{"code":1}\n')
    _write(tmp_path, "curated/upload.csv", b"a,b\n1,2\n")
    _write(tmp_path, "quarantine/2026/10/01/05/x.ndjson", foreign)
    found = _ask(tmp_path, "select event_id, received_at is null, dt from curated order by 1")
    assert found == [("ours", False, "2026-10-01"), ("x", True, "2026-10-01")]
    assert _ask(tmp_path, "select event_id from quarantine") == [("x",)]


@pytest.mark.parametrize(
    "event", ['{"id":1,"ID":2}', '{"a":1,"a":2}', '{"x":{"type":1,"Type":2}}', '{"":{"":1}}']
)
def test_an_event_with_keys_that_differ_in_case_or_repeat_is_a_row_like_any_other(
    tmp_path: Path, event: str
) -> None:
    _write(tmp_path, FOLDER + "a.gz", _line("e", 1, "1", event))
    assert _ask(tmp_path, "select event_id, event from curated") == [("e", event)]
