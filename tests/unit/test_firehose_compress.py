import gzip
import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from headgate.local.firehose.compress import UnsupportedFormatError, choose_format

RECORDS = [b'{"a": 1}\n', b"", b"\xff\x00", b"no line break"] * 100


def written(compression_format: str, records: list[bytes]) -> bytes:
    file = io.BytesIO()
    encoder = choose_format(compression_format).open_encoder(file, "entry")
    for record in records:
        encoder.write(record)
    encoder.close()
    return file.getvalue()


def unzipped(body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["entry"]
        return archive.read("entry")


def test_uncompressed_is_the_records_one_after_the_other() -> None:
    assert written("UNCOMPRESSED", RECORDS) == b"".join(RECORDS)


def test_gzip_is_one_member_that_holds_the_records_f07() -> None:
    body = written("GZIP", RECORDS)
    assert gzip.decompress(body) == b"".join(RECORDS)
    assert gzip.decompress(body + body) == b"".join(RECORDS) * 2


def test_zip_has_one_entry_that_holds_the_records() -> None:
    assert unzipped(written("ZIP", RECORDS)) == b"".join(RECORDS)


@pytest.mark.parametrize("compression_format", ["UNCOMPRESSED", "GZIP", "ZIP"])
def test_the_same_records_give_the_same_bytes(compression_format: str) -> None:
    assert written(compression_format, RECORDS) == written(compression_format, RECORDS)


@pytest.mark.parametrize(
    ("compression_format", "extension"), [("GZIP", ".gz"), ("ZIP", ".zip"), ("UNCOMPRESSED", "")]
)
def test_each_format_has_its_extension(compression_format: str, extension: str) -> None:
    assert choose_format(compression_format).extension == extension


@pytest.mark.parametrize("compression_format", ["Snappy", "HADOOP_SNAPPY", "gzip"])
def test_a_format_that_is_not_written_here_is_refused_with_what_to_choose(compression_format: str) -> None:
    with pytest.raises(UnsupportedFormatError, match="UNCOMPRESSED, GZIP, ZIP"):
        choose_format(compression_format)


def test_compressing_takes_the_same_memory_however_much_comes() -> None:
    record = bytes(range(256)) * 4
    with Path(os.devnull).open("wb") as nowhere:
        encoder = choose_format("GZIP").open_encoder(nowhere, "entry")
        tracemalloc.start()
        for _ in range(4096):
            encoder.write(record)
        encoder.close()
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 1_000_000
