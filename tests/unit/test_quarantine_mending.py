"""Bad lines become good ones, by edits, by a person's function, or by being taken apart."""

import argparse
import json
from base64 import b64encode

import pytest

from headgate.agent.kpl import KplRecord, aggregate
from headgate.quarantine.bad_lines import BadLine, bad_line
from headgate.quarantine.mending import (
    Mended,
    NotMendedError,
    by_edits,
    by_taking_apart,
    removal,
    setting,
    still_bad,
)


def _bad(text: bytes, event_id: str = "key#2") -> BadLine:
    fields = {
        "event_id": event_id,
        "received_at": "2026-10-01T05:00:00.000Z",
        "shard_id": "shardId-0",
        "sequence_number": "7",
        "line_number": 2,
        "code": "Code",
        "message": "why",
        "pointer": "",
        "version": "1",
    }
    try:
        return bad_line(json.dumps({**fields, "line": text.decode()}).encode())
    except UnicodeDecodeError:
        return bad_line(json.dumps({**fields, "line_base64": b64encode(text).decode()}).encode())


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        (["/type=click"], b'{"type":"click","n":12345678901234567890123,"a/b":{"c":1}}'),
        (["/type=7", '/n="text"'], b'{"type":7,"n":"text","a/b":{"c":1}}'),
        (["/a~1b/c={}"], b'{"type":"x","n":12345678901234567890123,"a/b":{"c":{}}}'),
        (["/new=null"], b'{"type":"x","n":12345678901234567890123,"a/b":{"c":1},"new":null}'),
    ],
)
def test_a_field_is_set_and_all_others_keep_every_digit(edits: list[str], expected: bytes) -> None:
    line = _bad(b'{"type": "x", "n": 12345678901234567890123, "a/b": {"c": 1}}')
    assert by_edits([setting(edit) for edit in edits])(line) == [Mended("key#2", expected)]


def test_a_field_is_taken_away() -> None:
    assert by_edits([removal("/a"), removal("/none")])(_bad(b'{"a":1,"b":2}'))[0].text == b'{"b":2}'


@pytest.mark.parametrize("text", [b"plain", b"\xff", b'{"a":1}'])
def test_what_cannot_be_edited_stays_with_a_reason(text: bytes) -> None:
    with pytest.raises(NotMendedError):
        by_edits([setting("/a/b=1")])(_bad(text))


@pytest.mark.parametrize("text", ["type=a", "/type"])
def test_an_edit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        setting(text)


def test_an_aggregated_record_becomes_its_lines() -> None:
    data = aggregate([KplRecord("a", b'{"n":1}\n'), KplRecord("a", b'{"n":2}\n\n{"n":3}')])
    assert by_taking_apart(_bad(data, "key")) == [
        Mended("key.0", b'{"n":1}'),
        Mended("key.1", b'{"n":2}'),
        Mended("key.1#3", b'{"n":3}'),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a":1}', None),
        (b"plain", None),
        (b'{"type":"' + b"t" * 300 + b'"}', "still TypeTooLong"),
        (b"\xff", "still InvalidUtf8"),
        (b'{"a":1}\n{"b":2}', "it has a line break"),
    ],
)
def test_a_mended_line_is_judged_by_the_transform_itself(text: bytes, reason: str | None) -> None:
    assert still_bad(Mended("key", text)) == reason
