"""Whole runs in this process against a loopback endpoint that runs the contract's own code."""

import argparse
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from headgate.send import command
from tests.send_endpoint import LOST, RESET, Endpoint, Fault, refuse

DATA = Path(__file__).parents[1] / "data"
SCHEMA = json.dumps({"type": "object", "properties": {"n": {"pattern": "[02468]$"}}})


def send(*flags: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(flags))


def csv_file(folder: Path, rows: int, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text("n\n" + "".join(f"{n}\n" for n in range(rows)))
    return path


def rejects_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(f"{path}.rejected.ndjson").read_text().splitlines()]


def numbers(endpoint: Endpoint) -> list[int]:
    return sorted(int(event["n"]) for event in endpoint.events)


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in {"a.csv", "a.csv.gz"})


def test_every_row_of_a_cp949_file_arrives_in_one_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "danji_master.csv"
    path.write_bytes((DATA / "danji_cp949.csv").read_bytes())
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 0
        names = [event["단지명"] for event in endpoint.events]
        assert names == ["래미안 퍼스티지", "은마", "마린시티, 자이", "힐스테이트\n2단지", "빈 값"]
        assert endpoint.events[0]["세대수"] == "2444"
        assert len(endpoint.seen) == 1
    said = capsys.readouterr()
    assert "cp949" in said.err
    assert "5 accepted, 0 rejected, 5 sent" in said.out
    assert [each.name for each in tmp_path.iterdir()] == ["danji_master.csv"]


def test_two_thousand_rows_without_a_header_arrive_each_once_under_four_keys() -> None:
    fields = "zip,lat,lon,city,state,county,kind"
    with Endpoint() as endpoint:
        path = str(DATA / "zip_codes_2000.csv")
        assert send("-f", path, "-u", endpoint.url, "--no-header", "--fields", fields) == 0
        assert len(endpoint.by_id) == len(endpoint.lines) == 2000
        assert {"zip": "00501", "lat": "+40.922326"}.items() <= endpoint.events[0].items()
        assert sorted(len(seen.events) for seen in endpoint.seen) == [500] * 4
        assert all(seen.headers["content-type"] == "application/x-ndjson" for seen in endpoint.seen)


def test_tsv_gzip_and_types_work_together(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress("이름\tn\nx, y\t1\n".encode("utf-16")))
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--types", "n=int", "--type", "t") == 0
        assert endpoint.lines == ['{"type":"t","이름":"x, y","n":1}'.encode()]


def test_ndjson_is_stored_byte_for_byte_and_its_bad_lines_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'{"a": 1.00}\r\n\nnot json\n{"a":"\xff"}\n[1]\n{"b":10000000000000000000000}')
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 3
        assert endpoint.lines == [b'{"a": 1.00}', b'{"b":10000000000000000000000}']
    assert [(each["row"], each["line"], each["code"]) for each in rejects_of(path)] == [
        (2, 3, "MalformedJson"),
        (3, 4, "InvalidUtf8"),
        (4, 5, "NotAnObject"),
    ]


def test_one_by_one_sends_plain_objects_over_kept_connections(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 20)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--one-by-one", "--concurrency", "2") == 0
        assert [seen.headers["content-type"] for seen in endpoint.seen] == ["application/json"] * 20
        assert numbers(endpoint) == list(range(20))


def test_headers_and_the_api_key_go_with_every_request(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("s3cret\n")
    path = csv_file(tmp_path, 2)
    with Endpoint() as endpoint:
        send("-f", str(path), "-u", endpoint.url, "--api-key", f"@{key}", "--header", "X-A: b")
        assert endpoint.seen[0].headers["x-api-key"] == "s3cret"
        assert endpoint.seen[0].headers["x-a"] == "b"


def test_bad_rows_are_on_file_and_the_good_ones_of_their_batch_are_sent_d08(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,type\n0,even\n1,even\n2\n4,even\n5,even\n6,even\n")
    with Endpoint(schemas={"even": SCHEMA}) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 3
        assert numbers(endpoint) == [0, 4, 6]
    rejects = sorted(rejects_of(path), key=lambda each: int(each["row"]))
    assert [(each["row"], each["line"], each["code"], each["pointer"]) for each in rejects] == [
        (2, 3, "SchemaViolation", "/n"),
        (3, 4, "RaggedRow", ""),
        (5, 6, "SchemaViolation", "/n"),
    ]
    assert rejects[0]["raw"] == '{"n":"1","type":"even"}'
    assert rejects[1]["raw"] == "2"


def test_sending_again_makes_the_same_ids_s03(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,type\n" + "".join(f"{n},even\n" for n in range(30)))
    elsewhere = tmp_path / "another name.csv"
    elsewhere.write_bytes(path.read_bytes())
    with Endpoint(schemas={"even": SCHEMA}) as endpoint:
        for each in (path, path, elsewhere):
            assert send("-f", str(each), "-u", endpoint.url, "--batch-events", "7") == 3
        assert len(endpoint.by_id) == 15
        assert set(endpoint.copies.values()) == {3}


def test_another_content_or_another_mapping_makes_other_ids_s03(tmp_path: Path) -> None:
    one = csv_file(tmp_path, 5)
    two = csv_file(tmp_path, 6, "b.csv")
    with Endpoint() as endpoint:
        for flags in (("-f", str(one)), ("-f", str(two)), ("-f", str(one), "--types", "n=int")):
            send(*flags, "-u", endpoint.url)
        assert len(endpoint.by_id) == 16


@pytest.mark.parametrize("fault", [LOST, RESET, refuse(429), refuse(503, "Unavailable"), refuse(500)])
def test_a_lost_answer_gives_copies_with_the_same_id_and_nothing_is_missing_k03(
    tmp_path: Path, fault: Fault
) -> None:
    path = csv_file(tmp_path, 40)
    with Endpoint(faults=[fault, fault]) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--batch-events", "10", "--concurrency", "2") == 0
        assert len(endpoint.by_id) == 40
        assert sorted({int(json.loads(data)["n"]) for data in endpoint.by_id.values()}) == list(range(40))


def test_a_partial_503_is_sent_again_under_the_same_key(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 10)
    with Endpoint() as endpoint:
        endpoint.stream.partial = 1
        assert send("-f", str(path), "-u", endpoint.url) == 0
        assert len(endpoint.by_id) == 10
        assert set(endpoint.copies.values()) == {1, 2}


def test_an_endpoint_that_takes_less_gets_smaller_batches_g01(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,x\n" + "".join(f"{n},{'x' * (1 if n != 7 else 300)}\n" for n in range(20)))
    with Endpoint(max_bytes=100) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 3
        assert numbers(endpoint) == [n for n in range(20) if n != 7]
    assert [(each["row"], each["code"]) for each in rejects_of(path)] == [(8, "TooLarge")]


def test_a_wrong_key_costs_one_request_and_touches_no_file_s06(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, 5000)
    old = tmp_path / "a.csv.rejected.ndjson"
    old.write_text('{"row": 7}\n')
    with Endpoint(faults=[refuse(403, "Forbidden")] * 9) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 1
        assert len(endpoint.seen) == 1
    assert old.read_text() == '{"row": 7}\n'
    assert "--api-key" in capsys.readouterr().err


def test_before_a_huge_file_is_read_the_endpoint_is_asked_s06(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(10 * 1024**3)  # sparse
    with Endpoint(faults=[refuse(403, "Forbidden")]) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 1
        assert [(seen.path, seen.body) for seen in endpoint.seen] == [("/prod/v1?dry_run=1", b"")]
    assert "403" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("body", "expected"), [(b"<html>hello</html>", "without receipts"), (b"{}", "without receipts")]
)
def test_a_page_that_says_200_to_everything_is_no_endpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: bytes, expected: str
) -> None:
    path = csv_file(tmp_path, 5)
    with Endpoint(faults=[Fault(200, body)]) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 1
    assert expected in capsys.readouterr().err


def test_a_file_that_changes_while_it_is_sent_ends_the_run_s04(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, 5000)

    def change() -> None:
        with path.open("a") as file:
            file.write("5001\n")

    with Endpoint() as endpoint:
        endpoint.on_request = lambda _: change() if len(endpoint.seen) == 1 else None
        assert send("-f", str(path), "-u", endpoint.url) == 1
        assert len(endpoint.seen) < 10
    assert "was changed while it was read" in capsys.readouterr().err


def test_a_change_that_keeps_size_and_time_is_noticed_at_the_end_s04(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,wide\n" + "".join(f"{n},{'x' * 1000}\n" for n in range(4000)))
    before = path.stat()

    def change() -> None:
        with path.open("r+b") as file:
            file.seek(-6, os.SEEK_END)
            file.write(b"1")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    with Endpoint() as endpoint:
        endpoint.on_request = lambda _: change() if len(endpoint.seen) == 1 else None
        assert send("-f", str(path), "-u", endpoint.url) == 1


def test_a_run_that_was_cut_short_goes_on_after_the_last_acknowledged_row_s03(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, 100)
    flags = ("-f", str(path), "-u")
    with Endpoint() as endpoint:
        endpoint.on_request = lambda _: (
            endpoint.faults.append(refuse(403)) if len(endpoint.seen) == 4 else None
        )
        more = ("--batch-events", "10", "--concurrency", "1")
        assert send(*flags, endpoint.url, *more) == 1
        assert "rows up to 40 are done" in capsys.readouterr().err
        endpoint.on_request = lambda _: None
        assert send(*flags, endpoint.url, *more, "--resume") == 0
        assert numbers(endpoint) == list(range(100))
        assert len(endpoint.by_id) == 100
    assert leftovers(tmp_path) == []


def test_a_resumed_run_reports_each_rejected_row_once_s03(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n" + "".join(f"{n}{',' * (n % 5 == 0)}\n" for n in range(100)))
    with Endpoint() as endpoint:
        more = ("-f", str(path), "-u", endpoint.url, "--batch-events", "8", "--concurrency", "1")
        endpoint.on_request = lambda _: (
            endpoint.faults.append(refuse(403)) if len(endpoint.seen) == 4 else None
        )
        assert send(*more) == 1
        endpoint.on_request = lambda _: None
        assert send(*more, "--resume") == 3
        assert numbers(endpoint) == [n for n in range(100) if n % 5]
    assert [each["row"] for each in rejects_of(path)] == list(range(1, 101, 5))


@pytest.mark.parametrize(
    "flags",
    [
        ("--batch-events", "9"),
        ("--batch-bytes", "9"),
        ("--one-by-one",),
        ("--types", "n=int"),
        ("--id", "x"),
        ("--max-cell-chars", "9"),
    ],
)
def test_resuming_with_other_options_or_another_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    path = csv_file(tmp_path, 100)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--limit", "10") == 0
        assert send("-f", str(path), "-u", endpoint.url, "--resume", *flags) == 1
        assert len(endpoint.lines) == 10
    assert "start without --resume" in (said := capsys.readouterr().err) or "different are" in said


def test_an_id_of_ones_own_does_not_hide_that_the_file_is_another_s04(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 25)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--limit", "10", "--id", "x") == 0
        path.write_text(path.read_text() + "25\n")
        assert send("-f", str(path), "-u", endpoint.url, "--id", "x", "--resume") == 1


def test_after_a_limit_resume_goes_on_with_the_rest(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 25)
    with Endpoint() as endpoint:
        for _ in range(3):
            assert send("-f", str(path), "-u", endpoint.url, "--limit", "10", "--resume") == 0
            assert set(endpoint.copies) == {f"{endpoint.seen[0].key}/{n}" for n in range(len(endpoint.by_id))}
        assert sorted(int(json.loads(data)["n"]) for data in endpoint.by_id.values()) == list(range(25))
    assert leftovers(tmp_path) == []


def test_a_damaged_checkpoint_is_told_and_not_guessed_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, 5)
    Path(f"{path}.resume.json").write_text("{")
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--resume") == 1
        assert endpoint.seen == []
    assert "is damaged" in capsys.readouterr().err


def test_check_lets_the_endpoint_check_everything_and_stores_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n,type\n" + "".join(f"{n},even\n" for n in range(9)))
    with Endpoint(schemas={"even": SCHEMA}) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--check") == 3
        assert endpoint.lines == []
    assert [each["row"] for each in rejects_of(path)] == [2, 4, 6, 8]
    assert leftovers(tmp_path) == ["a.csv.rejected.ndjson"]


def test_dry_run_shows_the_first_requests_and_opens_no_connection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, 5000)
    assert send("-f", str(path), "-u", "http://127.0.0.1:9/v1", "--dry-run", "--api-key", "s3cret") == 0
    out = capsys.readouterr().out
    assert out.count("POST http://127.0.0.1:9/v1") == 3
    assert '{"n":"0"}' in out
    assert "s3cret" not in out
    assert leftovers(tmp_path) == []


def test_a_loop_sends_every_pass_under_keys_of_its_own(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 10)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--loop", "3") == 0
        assert len(endpoint.by_id) == 30
        assert send("-f", str(path), "-u", endpoint.url, "--loop", "--limit", "25") == 0
        assert len(endpoint.by_id) == 30
        assert len(endpoint.lines) == 30 + 25


def test_a_loop_over_a_file_without_a_good_row_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,a\n1,2\n")
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--loop") == 3
    assert [each["code"] for each in rejects_of(path)] == ["DuplicateHeader"]


@pytest.mark.parametrize("text", ["", "n\n", "\n\n"])
def test_a_file_without_rows_is_not_an_error_s01(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 0
        assert endpoint.seen == []
    assert "there was nothing to send" in capsys.readouterr().err


def test_made_up_events_are_sent_and_every_run_has_ids_of_its_own() -> None:
    template = '{"type": "click", "n": {"$seq": 0}, "page": {"$choice": ["a", "b"]}}'
    with Endpoint() as endpoint:
        for _ in range(2):
            assert send("--generate", template, "-u", endpoint.url, "--limit", "700", "--seed", "s") == 0
        assert len(endpoint.by_id) == 1400
        assert {event["page"] for event in endpoint.events} == {"a", "b"}


def test_an_id_of_ones_own_begins_the_keys(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 3)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--id", "load-7") == 0
        assert endpoint.seen[0].key == "load-7-1"


def test_rejected_rows_that_cannot_be_written_down_end_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n1\n2,3\n")
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--rejects", str(tmp_path / "no" / "x")) == 1
    assert "--rejects names another place" in capsys.readouterr().err


def test_a_file_that_is_no_rejects_file_is_never_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, 5)
    notes = tmp_path / "notes.txt"
    notes.write_text("mine\n")
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--rejects", str(notes)) == 1
        assert endpoint.seen == []
    assert notes.read_text() == "mine\n"
    assert "is not a rejects file" in capsys.readouterr().err


def test_a_run_without_a_bad_row_removes_the_rejects_of_the_run_before(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with Endpoint() as endpoint:
        for text, code in (("n\n1\n2,\n", 3), ("n\n1\n2\n", 0)):
            path.write_text(text)
            assert send("-f", str(path), "-u", endpoint.url) == code
    assert leftovers(tmp_path) == []


def test_a_resumed_run_is_not_all_accepted_when_its_first_part_was_not(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n1\n2,\n3\n4\n")
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--limit", "3") == 3
        assert send("-f", str(path), "-u", endpoint.url, "--resume") == 3
        assert numbers(endpoint) == [1, 1, 3, 3, 4]
        assert len(endpoint.by_id) == 3
    assert [each["row"] for each in rejects_of(path)] == [2]


def test_a_rejects_line_that_a_crash_cut_short_is_written_anew_s03(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n1\n2,\n3\n4,\n")
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--limit", "3") == 3
        with Path(f"{path}.rejected.ndjson").open("a") as file:
            file.write('{"row": 4, "line')
        assert send("-f", str(path), "-u", endpoint.url, "--resume") == 3
    assert [each["row"] for each in rejects_of(path)] == [2, 4]


ARRAY = '[{"a": 1.00},{"a":2}]\n'
PRETTY = '[\n  {\n    "a": 1.00\n  },\n  {\n    "a": 2\n  }\n]\n'


@pytest.mark.parametrize("text", [ARRAY, PRETTY, ARRAY.replace("},{", "}\r\n,{")])
@pytest.mark.parametrize("name", ["a.json", "a", "a.json.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_every_element_of_a_json_array_arrives_with_its_own_digits(
    tmp_path: Path, text: str, name: str, encoding: str
) -> None:
    path = tmp_path / name
    data = text.encode(encoding)
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    with Endpoint() as endpoint:
        for _ in range(2):
            assert send("-f", str(path), "-u", endpoint.url) == 0
        assert len(endpoint.by_id) == 2
        assert sorted(line.replace(b" ", b"") for line in endpoint.by_id.values()) == [
            b'{"a":1.00}\n',
            b'{"a":2}\n',
        ]


def test_an_array_that_breaks_off_is_told_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"n":0},\n{"n":1},\n{"n":')
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--batch-events", "1") == 1
        assert endpoint.seen == []
    assert "after row 2: line 3: the value that begins there has no end" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", ARRAY, "--format json"),
        ("a.csv", PRETTY, "--format json"),
        ("a.tsv", '{"a":1}\n', "--format ndjson"),
        ("a.csv", "00501,+40.92,HOLTSVILLE\n", "--no-header"),
        ("a", "1\n", "--no-header"),
        ("a", "2026-01-01,x", "--no-header"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_of_which_nothing_could_be_sent_is_not_called_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, says: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding=encoding)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 2
        assert endpoint.seen == []
    said = capsys.readouterr().err
    assert says in said
    assert "nothing to send" not in said


def test_one_pretty_printed_object_is_one_event(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{\n  "a": 1\n}\n')
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 0
        assert endpoint.lines == [b'{  "a": 1}']


@pytest.mark.parametrize("text", ["n\n", "year,2025,2026\n"])
def test_a_header_alone_is_shown_for_the_case_that_it_was_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 0
    assert "there was nothing to send: a header and no row" in capsys.readouterr().err


def test_a_rate_a_limit_and_no_options_give_the_rows_the_same_ids(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 1000)
    with Endpoint() as endpoint:
        for more in (("--limit", "5"), ("--rate", "200000"), ("--limit", "620"), ()):
            assert send("-f", str(path), "-u", endpoint.url, *more) == 0
        assert len(endpoint.by_id) == 1000
        assert len(endpoint.lines) == 5 + 1000 + 620 + 1000


def test_a_rate_that_makes_long_pauses_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = csv_file(tmp_path, 3)
    with Endpoint() as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--rate", "50") == 0
    assert "a request of 500 events goes every 10 s" in capsys.readouterr().err


def test_a_limit_that_ends_among_bad_rows_is_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n" + "".join(f"{n}\n" if n < 2 else f"{n},\n" for n in range(9)))
    with Endpoint() as endpoint:
        more = ("-f", str(path), "-u", endpoint.url, "--batch-events", "2", "--resume", "--limit", "3")
        assert [send(*more) for _ in range(3)] == [3, 3, 3]
        assert numbers(endpoint) == [0, 1]
    assert [each["row"] for each in rejects_of(path)] == list(range(3, 10))
    assert leftovers(tmp_path) == ["a.csv.rejected.ndjson"]


def test_a_service_that_is_no_endpoint_costs_one_request_whatever_it_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, 5000)
    body = b'{"__type": "InternalFailure", "message": "no such operation"}'
    with Endpoint(faults=[Fault(500, body)] * 9) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url) == 1
        assert len(endpoint.seen) == 1
    said = capsys.readouterr().err
    assert "500" in said
    assert '"__type": "InternalFailure"' in said


def test_retries_that_go_on_are_told_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = csv_file(tmp_path, 5)
    busy = refuse(503, "Unavailable", retry_after="2")
    with Endpoint(faults=[busy]) as endpoint:
        assert send("-f", str(path), "-u", endpoint.url, "--retry-for", "4") == 0
    assert "503 Unavailable as the test wants it: attempt 1 failed, again in" in capsys.readouterr().err
