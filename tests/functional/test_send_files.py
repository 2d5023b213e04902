"""Reading real files and pipes (failure modes S01 and S04): format, encoding, compression, damage."""

import gzip
import json
import os
import threading
from pathlib import Path

import pytest

from headgate.send import bytestream
from headgate.send.csvrows import Dialect
from headgate.send.errors import AbortError, UsageError
from headgate.send.filesource import FileSource
from headgate.send.rows import BadRow, EventRow

KOREAN = "이름,값\n래미안,1\n은마,2\n"


def source_of(path: Path, **how: str) -> FileSource:
    return FileSource(str(path), bytestream.open_path(str(path)), Dialect(), **how)


def read(path: Path, **how: str) -> tuple[FileSource, list[EventRow | BadRow]]:
    source = source_of(path, **how)
    try:
        source.scan(lambda: None)
        return source, list(source.rows())
    finally:
        source.close()


def names(rows: list[EventRow | BadRow]) -> list[str]:
    return [json.loads(row.event)["이름"] for row in rows if isinstance(row, EventRow)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_encoding_that_is_found_gives_the_same_rows_s01(
    tmp_path: Path, encoding: str, *, packed: bool
) -> None:
    path = tmp_path / "a.csv"
    data = KOREAN.encode(encoding)
    path.write_bytes(gzip.compress(data) if packed else data)
    assert names(read(path)[1]) == ["래미안", "은마"]


def test_latin_1_is_read_when_it_is_named_and_refused_when_it_is_not_s01(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("이름".encode() + b"\n")
    path.write_bytes("n\ncafé,\n".encode("latin-1"))
    with pytest.raises(AbortError, match=r"line 2 at the bytes E9 2C.*pass the right --encoding"):
        read(path)
    assert read(path, encoding="latin-1")[0].choice.encoding == "latin-1"


def test_a_wrong_encoding_is_told_before_anything_is_sent_s01(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(KOREAN.encode("cp949"))
    with pytest.raises(AbortError, match="without --encoding it would be found out"):
        read(path, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.csv", b"n\n", "csv"),
        ("a.TSV", b"n\n", "tsv"),
        ("a.jsonl.gz", gzip.compress(b"{}\n", mtime=0), "ndjson"),
        ("a.log", b'\xef\xbb\xbf \n{"a":1}', "ndjson"),
        ("a", b"n\n", "csv"),
        ("a", b"", "csv"),
    ],
)
def test_the_format_is_by_the_name_or_by_the_look(
    tmp_path: Path, name: str, content: bytes, form: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert read(path)[0].form == form


@pytest.mark.parametrize("cut", [5, -1, -9])
def test_damaged_gzip_is_told_before_anything_is_sent(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(KOREAN.encode() * 100)[:cut])
    with pytest.raises(AbortError, match="cannot read"):
        read(path)


def test_a_missing_file_a_folder_and_a_name_with_nul_are_sentences(tmp_path: Path) -> None:
    for path in (tmp_path / "no", tmp_path, Path("a\0b")):
        with pytest.raises(AbortError, match=r"no file|folder|cannot read"):
            source_of(path)


def test_the_fingerprint_is_of_the_content_and_not_of_the_name_s03(tmp_path: Path) -> None:
    prints = set()
    for name, text in (("a.csv", "n\n1\n"), ("b.csv", "n\n1\n"), ("c.csv", "n\n2\n")):
        (tmp_path / name).write_text(text)
        prints.add(read(tmp_path / name)[0].fingerprint)
    assert len(prints) == 2


def test_a_file_replaced_by_another_is_still_read_to_its_own_end_s04(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n1\n")
    source = source_of(path)
    source.scan(lambda: None)
    (tmp_path / "new").write_text("n\n2\n")
    (tmp_path / "new").replace(path)
    source.verify()
    assert [row.event for row in source.rows() if isinstance(row, EventRow)] == [b'{"n":"1"}']
    source.close()


def test_a_file_that_is_cut_while_it_is_read_is_noticed_s04(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("n\n" + "1\n" * 300_000)
    source = source_of(path)
    source.scan(lambda: None)
    rows = source.rows()
    next(rows)
    os.truncate(path, 100_000)
    with pytest.raises(AbortError, match="was changed"):
        list(rows)
    with pytest.raises(AbortError, match="was changed"):
        source.verify()
    source.close()


def through_a_pipe(tmp_path: Path, data: bytes) -> list[EventRow | BadRow]:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data,))
    writer.start()
    try:
        return read(path)[1]
    finally:
        writer.join()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_pipe_is_read_once_whatever_it_carries(tmp_path: Path, *, packed: bool) -> None:
    data = (KOREAN * 5000).encode("cp949")
    rows = through_a_pipe(tmp_path, gzip.compress(data) if packed else data)
    assert len(rows) == 5000 * 3 - 1


def test_a_pipe_that_turns_out_not_to_decode_says_after_which_row_s01(tmp_path: Path) -> None:
    with pytest.raises(AbortError, match=r"after row \d+: the bytes B7 A1 are not utf-8"):
        through_a_pipe(tmp_path, b"n\n" + (b"x" * 99 + b"\n") * 10_000 + "래\n".encode("cp949"))


def test_types_for_ndjson_are_wrong_usage_and_not_ignored(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text("{}\n")
    source = FileSource("a", bytestream.open_path(str(path)), Dialect(kinds=(("a", "int"),)))
    with pytest.raises(UsageError, match="is NDJSON"):
        source.scan(lambda: None)
    source.close()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "n\n" + "1\n" * 1000),
        ("a.ndjson", "{}\n" * 1000),
        ("a.json", "[" + ",".join(["{}"] * 1000) + "]"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_share_that_was_read_is_that_of_the_rows_and_not_of_the_blocks(
    tmp_path: Path, name: str, text: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding=encoding)
    source = source_of(path)
    source.scan(lambda: None)
    shares = [source.share() for _ in source.rows()]
    source.close()
    assert [shares[n] for n in (249, 499, 999)] == pytest.approx([0.25, 0.5, 1.0], abs=0.01)
