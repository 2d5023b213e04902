"""Invariant: whatever bytes a line, an object or a record has, a reader ends in a value or in one sentence.

`HEADGATE_FUZZ_INPUTS=200000 pytest tests/properties/test_readers_fuzz.py` tries more of them.
"""

import gzip
import io
import os
import random

from chalicelib import envelope
from headgate.read import condition, wanted
from headgate.readers import decode
from headgate.readers.contents import received_s
from headgate.readers.errors import DamagedLineError, ReaderError
from headgate.readers.line_view import show
from headgate.readers.lines import as_envelope, content, content_of, lines_of, stored_fields
from headgate.records import Record
from headgate.safe_path import key_to_path, path_to_key
from headgate.terminal import Printer, columns_of, fit

INPUTS = int(os.environ.get("HEADGATE_FUZZ_INPUTS", "8000"))
SEED = 20261129
LINE = envelope.wrap("id", "click", b'{"n":1.10,"t":"\xed\x95\x9c"}', envelope.origin(1.7e9, "shard-0", "1"))
BAD = (
    b'{"event_id":"id","received_at":"2026-10-01T05:00:00.000Z","shard_id":"s","sequence_number":"1",'
    b'"code":"InvalidUtf8","message":"why","line_base64":"/w=="}'
)
AGGREGATED = b"\xf3\x89\x9a\xc2" + b"x" * 20
SEEDS = [LINE, BAD, b"", b"\n\n", b"[]", AGGREGATED, b"plain \xff text", gzip.compress(LINE)]
PIECES = [b'"', b"{", b"}", b"\\", b',"event":', b"\n", b"\x00", b"\xe2\x80\xa8"]
KEYS = ["a.ndjson", "a.gz", "a.zip", "a.parquet", "a.orc", "a.snappy", "a"]


def _mutated(source: random.Random) -> bytes:
    data = bytearray(source.choice(SEEDS))
    for _ in range(source.randrange(4)):
        at = source.randrange(len(data) + 1)
        match source.randrange(4):
            case 0:
                data[at : at + 1] = bytes([source.randrange(256)])
            case 1:
                del data[at : at + source.randrange(1, 9)]
            case 2:
                data[at:at] = source.choice(PIECES)
            case _:
                data[at:at] = source.choice(SEEDS)
    return bytes(data)


def test_any_bytes_are_read_or_refused_in_a_sentence() -> None:
    source = random.Random(SEED)  # noqa: S311 - test data
    printer = Printer(io.StringIO())
    asked = [condition("type=click"), condition("n.0=1")]
    for number in range(INPUTS):
        data = _mutated(source)
        fields = stored_fields(data)
        assert fields is None or all(isinstance(fields[name], str) for name in ("event_id", "shard_id"))
        received_s(data)
        wanted(data, asked)
        content(data)
        text = show(data, printer)
        assert text.isprintable()
        assert columns_of(fit(text, 20)) == 20
        try:
            content_of(data)
        except DamagedLineError as error:
            said = str(error)
            assert said.startswith("a line is not the transform's")
        for line in lines_of(Record("1", "key", data, 0.0), "shard-0"):
            assert stored_fields(as_envelope(line)) is not None
        if number % 20 == 0:
            _assert_object_read_or_refused(source.choice(KEYS), data)
        key = data.decode("utf-8", "replace")
        assert path_to_key(key_to_path(key)) == key or not key


def _assert_object_read_or_refused(key: str, data: bytes) -> None:
    try:
        list(decode.lines(key, data))
        list(decode.units(decode.plain(key, data)))
    except ReaderError as error:
        assert key in str(error)  # noqa: PT017 - it need not be raised
