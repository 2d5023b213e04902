"""Files that were once sent wrongly with exit code 0, and their neighbours (S01)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.functional.test_send_run import rejects_of, send
from tests.send_endpoint import Endpoint

CASES = Path(__file__).parents[1] / "data" / "cases" / "send"
KOREAN = "번호,이름,주소\n1,홍길동,서울특별시 강남구\n2,젊은이,부산광역시 해운대구\n"


def sent(data: bytes, folder: Path, *flags: str, name: str = "a.csv") -> tuple[int, list[dict[str, Any]]]:
    path = folder / name
    path.write_bytes(data)
    with Endpoint() as endpoint:
        code = send("-f", str(path), "-u", endpoint.url, *flags)
        return code, endpoint.events


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


# Encodings.


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("cell", [b"x\0y", b"x\0yz", b"\0x", b"x\0", b"\0\0\0", b"\xec\x95\x84\0"])
def test_a_nul_in_a_cell_is_a_character_and_no_utf_16(cell: bytes, end: bytes, tmp_path: Path) -> None:
    rows = b"".join(b"%d,%b%b" % (n, cell, end) for n in range(50))
    code, events = sent(b"a,b" + end + rows, tmp_path)
    assert (code, len(events)) == (0, 50)
    assert {event["b"] for event in events} == {cell.decode()}


def test_the_reported_file_with_nuls_arrives_whole(tmp_path: Path) -> None:
    code, events = sent(case("nul_in_a_cell.csv"), tmp_path)
    assert (code, len(events)) == (0, case("nul_in_a_cell.csv").count(b"\n") - 1)
    assert {event["b"] for event in events} == {"x\0y"}


@pytest.mark.parametrize(
    "text",
    [
        KOREAN,
        "a,b\n1,2\n",
        "a,b\n" + "1,젊은이 갊 《책》\n" * 200,
        "a,b\r\n1,café\r\n",
        "name,值\n1,中文字\n" * 30,
    ],
    ids=ascii,
)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8", "utf-8-sig"])
def test_unicode_is_found_with_and_without_a_mark(encoding: str, text: str, tmp_path: Path) -> None:
    code, events = sent(text.encode(encoding), tmp_path)
    _header, *rows = text.splitlines()
    assert code == 0
    assert [list(event.values()) for event in events] == [row.split(",") for row in rows]


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr"])
@pytest.mark.parametrize(
    "text",
    [
        KOREAN,
        KOREAN.replace("젊은이", "A동 84㎡"),
        "성별\n남\n여\n",
        "이름\n똠방각하 아파트 이야기와 우리 나라 사람들\n",
    ],
    ids=ascii,
)
def test_real_korean_in_cp949_is_found(encoding: str, text: str, tmp_path: Path) -> None:
    if encoding == "euc-kr":
        text = text.replace("똠", "")
    code, events = sent(text.encode(encoding), tmp_path)
    assert code == 0
    assert [list(event.values()) for event in events] == [row.split(",") for row in text.splitlines()[1:]]


def test_the_reported_korean_file_still_works(tmp_path: Path) -> None:
    code, events = sent(case("cp949_real.csv"), tmp_path)
    assert (code, len(events)) == (0, 2)
    assert [list(event.values()) for event in events] == [
        row.split(",") for row in case("cp949_real.csv").decode("cp949").splitlines()[1:]
    ]


@pytest.mark.parametrize(
    "data",
    [
        case("windows1252_apostrophe.csv"),
        case("one_latin1_line_among_utf8.csv"),
        "id,text\n1,“quoted” — dash…\n".encode("cp1252"),
        "id,text\n1,GARÇON SÜD ÀÉ\n".encode("latin-1"),
        "id,text\n1,20°C\n2,Ärger\n".encode("latin-1"),
        "id,text\n1,привет мир как дела\n".encode("cp1251"),
        "id,text\n1,日本語テキスト\n".encode("shift-jis"),
        "id,text\n1,中华人民共和国北京市海淀区\n".encode("gbk"),
        "id,text\n1,日本語の文章です\n".encode("euc-jp"),
        ("id,text\n" + "1,Zürich\n" * 500 + "2,").encode() + "Ägypten\n".encode("latin-1"),
        ("id,text\n" + "1,한글\n" * 500).encode() + "2,한글\n".encode("cp949"),
    ],
    ids=range(11),
)
def test_what_is_not_korean_is_never_sent_as_korean(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sent(data, tmp_path) == (1, [])
    assert "--encoding" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a.ndjson", "a.json"])
def test_one_latin_1_line_of_ndjson_is_rejected_and_the_others_are_as_they_were(
    name: str, tmp_path: Path
) -> None:
    lines = ['{"a":"café"}'.encode(), '{"a":"Ägypten"}'.encode("latin-1"), '{"a":"Zürich"}'.encode()]
    code, events = sent(b"\n".join(lines), tmp_path, name=name)
    assert (code, events) == (3, [{"a": "café"}, {"a": "Zürich"}])
    assert [line["row"] for line in rejects_of(tmp_path / name)] == [2]


def test_ndjson_in_cp949_is_not_json(tmp_path: Path) -> None:
    code, events = sent('{"a":"한글"}\n{"a":1}\n'.encode("cp949"), tmp_path, name="a.ndjson")
    assert (code, events) == (3, [{"a": 1}])


# Delimiters.


@pytest.mark.parametrize(("delimiter", "flag"), [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
def test_a_delimiter_is_taken_where_every_line_has_it_equally_often(
    delimiter: str, flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["Datum,Kurs".replace(",", delimiter), f"2004-08-19{delimiter}17,49", f"2004-08-20{delimiter}17,6"]
    assert sent("\n".join(rows).encode(), tmp_path) == (
        0,
        [{"Datum": "2004-08-19", "Kurs": "17,49"}, {"Datum": "2004-08-20", "Kurs": "17,6"}],
    )
    assert "separates its columns" in capsys.readouterr().err
    ragged = [rows[0], f"1{delimiter}2{delimiter}3", rows[2]]
    assert sent("\n".join(ragged).encode(), tmp_path) == (2, [])
    assert f"--delimiter {flag}" in capsys.readouterr().err


def test_the_reported_semicolons_are_columns(tmp_path: Path) -> None:
    code, events = sent(case("semicolons.csv"), tmp_path)
    assert (code, list(events[0])) == (0, ["Date", "Close", "High"])


def test_commas_in_a_tsv_and_utf_16_with_semicolons(tmp_path: Path) -> None:
    assert sent(b"a,b\n1,2\n3,4\n", tmp_path, name="a.tsv") == (
        0,
        [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}],
    )
    assert sent("a;b\n1;2\n".encode("utf-16-le"), tmp_path) == (0, [{"a": "1", "b": "2"}])


def test_one_column_is_sent_as_one_and_a_named_delimiter_is_obeyed(tmp_path: Path) -> None:
    assert sent(b"text\nfoo; bar\nbaz | x\n", tmp_path) == (0, [{"text": "foo; bar"}, {"text": "baz | x"}])
    assert sent(b"a;b\n1;2\n", tmp_path, "--delimiter", ",") == (0, [{"a;b": "1;2"}])


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;\r"])
def test_the_separator_line_of_excel_sets_the_delimiter(first: str, tmp_path: Path) -> None:
    code, events = sent(f"{first}\nid;name\n1;Kim, A\n".encode(), tmp_path)
    assert (code, events) == (0, [{"id": "1", "name": "Kim, A"}])
    assert sent(case("excel_sep_line.csv"), tmp_path) == (0, [{"id": "1", "name": "Kim"}])


# What stands in front.


@pytest.mark.parametrize("name", ["a.json", "a.txt", "-a"])
@pytest.mark.parametrize("front", ["# exported\n", "// a\n// b\n", "-- dump\n\n", "# exported\r\n"])
@pytest.mark.parametrize("rest", ['{"a":1}\n{"a":2}\n', '[{"a":1},\n{"a":2}]', '{"a":1}{"a":2}'])
def test_a_comment_in_front_of_json_stops_the_run_and_can_be_skipped(
    front: str, rest: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sent((front + rest).encode(), tmp_path, name=name) == (2, [])
    lines = str(front.count("\n"))
    assert f"--skip-lines {lines}" in capsys.readouterr().err
    assert sent((front + rest).encode(), tmp_path, "--skip-lines", lines, name=name) == (
        0,
        [{"a": 1}, {"a": 2}],
    )


def test_the_reported_comment_stops_and_a_json_that_is_none_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sent(case("comment_before_ndjson.json"), tmp_path, name="a.json") == (2, [])
    assert sent(b"id,name\n1,a\n", tmp_path, name="a.json") == (2, [])
    assert "--format csv" in capsys.readouterr().err
    assert sent(b"id,name\n1,a\n", tmp_path, "--format", "csv", name="a.json") == (
        0,
        [{"id": "1", "name": "a"}],
    )


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16", "utf-16-le"])
def test_a_title_above_the_header_stops_the_run_and_can_be_skipped(encoding: str, tmp_path: Path) -> None:
    text = "보고서 2024\n번호,이름\n1,가나다라마바사\n2,아자차카타파하\n3\n"
    assert sent("제목\nid,이름\n1,가\n2,나\n".encode(encoding), tmp_path) == (2, [])
    code, events = sent(text.encode(encoding), tmp_path, "--skip-lines", "1")
    assert (code, len(events)) == (3, 2)
    assert [line["line"] for line in rejects_of(tmp_path / "a.csv")] == [5]


@pytest.mark.parametrize("name", ["a.json", "a.dat"])
def test_concatenated_json_is_one_event_for_each_value(name: str, tmp_path: Path) -> None:
    assert sent(case("concatenated.json"), tmp_path, name=name) == (0, [{"n": 0}, {"n": 1}, {"n": 2}])
    assert sent(b'{"n":0} {"n":1}\n{"n":2}', tmp_path, name=name) == (0, [{"n": 0}, {"n": 1}, {"n": 2}])


# Quotes.


def test_one_unclosed_quote_costs_one_line(tmp_path: Path) -> None:
    rows = [f"{n},{'x' * 60}" for n in range(30_000)]
    rows[100] = '100,"' + "x" * 60
    code, events = sent(("a,b\n" + "\n".join(rows) + "\n").encode(), tmp_path)
    assert (code, len(events)) == (3, 29_999)
    (bad,) = rejects_of(tmp_path / "a.csv")
    assert (bad["row"], bad["line"], bad["code"]) == (101, 102, "BadQuoting")
    assert "not closed within 1,000,000 characters" in bad["message"]
    assert "lines behind this one" in bad["message"]


def test_a_quote_that_never_closes_before_the_end_costs_one_line(tmp_path: Path) -> None:
    code, events = sent(b'a,b\n1,x\n2,"y\n3,z\n4,z\n', tmp_path)
    assert (code, [event["a"] for event in events]) == (3, ["1", "3", "4"])
    (bad,) = rejects_of(tmp_path / "a.csv")
    assert "2 lines behind this one" in bad["message"]
    assert bad["raw"] == '2,"y'


def test_in_one_column_the_lines_behind_an_open_quote_are_no_rows(tmp_path: Path) -> None:
    code, events = sent(b'text\nx\n"y\nz\n', tmp_path)
    assert (code, events) == (3, [{"text": "x"}])
    assert rejects_of(tmp_path / "a.csv")[0]["raw"] == '"y\nz'


# Values.


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2024-01-02 03:04 UTC", "2024-01-02T03:04:00+00:00"),
        ("2024-01-02 03:04 GMT", "2024-01-02T03:04:00+00:00"),
        ("2024-01-02 03:04 +0900", "2024-01-02T03:04:00+09:00"),
        ("2024-01-02 03:04 KST", None),
        ("2024-01-02 03:04 EST", None),
        ("2024-01-02 03:04", None),
    ],
)
def test_a_zone_is_kept_or_the_row_rejected(cell: str, value: str | None, tmp_path: Path) -> None:
    code, events = sent(f"at\n{cell}\n".encode(), tmp_path, "--types", "at=time:%Y-%m-%d %H:%M %Z")
    assert (code, events) == ((3, []) if value is None else (0, [{"at": value}]))


def test_an_element_over_a_megabyte_is_rejected_and_the_rest_is_sent(tmp_path: Path) -> None:
    elements = [{"n": 0}, {"n": "x" * 2_500_000}, {"n": 2}]
    assert sent(json.dumps(elements).encode(), tmp_path, name="a.json") == (3, [{"n": 0}, {"n": 2}])
