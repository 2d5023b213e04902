"""Objects and records to lines: compression, aggregated records, ids, and what is no JSON."""

import gzip
import io
import json
import zipfile

import pytest

from chalicelib import kpl
from headgate.agent.kpl import KplRecord, aggregate
from headgate.readers import decode
from headgate.readers.errors import ReaderError
from headgate.readers.lines import as_envelope, content_of, lines_of
from headgate.records import Record

AGGREGATED = aggregate([KplRecord("a", b'{"n":1}\n'), KplRecord("b", b'{"n":2}\n{"n":3}', "7")])


def _shown(data: bytes) -> list[dict[str, object]]:
    record = Record("7", "hg1:key", data, 1_700_000_000.25)
    return [json.loads(as_envelope(line)) for line in lines_of(record, "shardId-0")]


@pytest.mark.parametrize("key", ["a", "a.gz", "a.zip", "a.ndjson"])
def test_lines_are_read_through_every_compression(key: str) -> None:
    data = b"one\n\nthree\xff\n"
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as file:
        file.writestr("entry", data)
    body = {"a.gz": gzip.compress(data), "a.zip": zipped.getvalue()}.get(key, data)
    assert list(decode.lines(key, body)) == [b"one", b"", b"three\xff"]


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("a.gz", b"no gzip"),
        ("a.gz", gzip.compress(b"x" * 999, mtime=0)[:-9]),
        ("a.zip", b"no"),
        ("a.parquet", b"no"),
    ],
)
def test_a_damaged_object_is_named(key: str, body: bytes) -> None:
    with pytest.raises(ReaderError, match=f"the object {key} cannot be read"):
        list(decode.lines(key, body))


def test_bytes_that_look_compressed_are_left_alone_where_the_name_does_not_say_so() -> None:
    body = gzip.compress(b"a producer's own")
    assert b"\n".join(decode.lines("raw-data/x", body)) == body


def test_an_aggregated_record_is_taken_apart() -> None:
    assert list(kpl.take_apart(AGGREGATED) or ()) == [b'{"n":1}\n', b'{"n":2}\n{"n":3}']


def test_what_is_no_aggregated_record_is_not_taken_apart() -> None:
    for data in (
        b"",
        b"{}",
        kpl.MAGIC,
        AGGREGATED[:-1],
        AGGREGATED + b"\n",
        AGGREGATED[:9] + AGGREGATED[10:],
    ):
        assert kpl.take_apart(data) is None


def test_aggregated_records_between_lines_of_the_archive_keep_their_line_feeds() -> None:
    data = b'{"a":1}\n' + AGGREGATED + AGGREGATED + b'{"b":2}\n'
    texts = [text for _, text in decode.units(data)]
    assert texts == [b'{"a":1}', AGGREGATED, AGGREGATED, b'{"b":2}']
    numbers = [number for number, _ in decode.units(data)]
    line_feeds = AGGREGATED.count(b"\n")
    assert numbers == [1, 2, 2 + line_feeds, 2 + 2 * line_feeds]


def test_a_broken_aggregated_record_is_lines_like_any_other() -> None:
    data = kpl.MAGIC + b"abc\ndef\n"
    assert [text for _, text in decode.units(data)] == [kpl.MAGIC + b"abc", b"def"]


def test_every_line_of_a_record_has_its_own_id() -> None:
    shown = _shown(b'{"type":"a"}\n\n{"type":"b"}\n')
    assert [(line["event_id"], line["type"]) for line in shown] == [("key", "a"), ("key#3", "b")]


def test_lines_of_an_aggregated_record_have_ids_that_cannot_collide() -> None:
    assert [line["event_id"] for line in _shown(AGGREGATED)] == ["key.0", "key.1", "key.1#2"]


def test_a_line_of_the_stream_looks_like_a_curated_one() -> None:
    assert _shown(b'{"type":"a", "n": 1.50}\n') == [
        {
            "event_id": "key",
            "received_at": "2023-11-14T22:13:20.250Z",
            "type": "a",
            "shard_id": "shardId-0",
            "sequence_number": "7",
            "event": {"type": "a", "n": 1.5},
        }
    ]


def test_what_is_no_json_object_is_shown_as_text_or_base64() -> None:
    assert _shown(b"plain \xe2\x82\xac\n")[0]["line"] == "plain €"
    assert _shown(b"\xff")[0]["line_base64"] == "/w=="
    assert _shown(b"[1]")[0]["line"] == "[1]"


@pytest.mark.parametrize(
    "text", [b'{"n": 1.50, "big": 123456789012345678901234567890}', b"plain", b"\xff\xfe", b'{"event":{}}']
)
def test_the_sent_bytes_come_back_out_of_what_was_printed(text: bytes) -> None:
    (line,) = lines_of(Record("7", 'hg1:k","event":', text + b"\n", 0.0), "shardId-0")
    assert content_of(as_envelope(line)) == text
