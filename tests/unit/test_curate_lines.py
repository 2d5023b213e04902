"""What a line in curated/ and one in quarantine/ say, word for word (T01, T07, T10, T14)."""

from typing import Any, NoReturn

import orjson
import pytest

from chalicelib import limits
from chalicelib.curate import Dropped, End, Hook, Quarantined, curate
from chalicelib.errors import Reject
from chalicelib.hook import hook as no_hook
from tests.makers import make_record

KPL = b"\xf3\x89\x9a\xc2k"
LONG_TYPE = b'{"type":"' + b"t" * 257 + b'"}'


def ends(data: bytes, hook: Hook = no_hook, /, **changes: Any) -> list[End]:
    record = make_record(data) | {"eventID": "shardId-7:42"}
    record["kinesis"].update({"sequenceNumber": "42"} | changes)
    return list(curate(record, hook, "1.2.3"))


def quarantined(data: bytes, hook: Hook = no_hook, /, **changes: Any) -> dict[str, Any]:
    """The last end, which is in quarantine."""
    end = ends(data, hook, **changes)[-1]
    assert isinstance(end, Quarantined)
    found: dict[str, Any] = orjson.loads(end.line)
    return found


def rejecting(_: dict[str, Any]) -> NoReturn:
    raise Reject("NoUser", "There is no user.", "/user")


def crashing(_: dict[str, Any]) -> NoReturn:
    raise KeyError


def crashing_deeper(event: dict[str, Any]) -> NoReturn:
    crashing(event)


def returning(value: Any) -> Hook:
    return lambda _: value


def test_t07_a_curated_line_is_these_bytes() -> None:
    line, blank = ends(b'\n{"type":"tip", "n":1}\n')
    assert line == (
        b'{"event_id":"key#2","received_at":"2023-11-14T22:13:20.250Z","type":"tip",'
        b'"shard_id":"shardId-7","sequence_number":"42","event":{"type":"tip", "n":1}}\n'
    )
    assert blank == Dropped("BlankLine", 1)


def test_t01_a_quarantined_line_is_these_bytes() -> None:
    assert ends(b"{}\n{}\n\xff\n")[-1] == Quarantined(
        b'{"event_id":"key#3","received_at":"2023-11-14T22:13:20.250Z","shard_id":"shardId-7",'
        b'"sequence_number":"42","line_number":3,"code":"InvalidUtf8","message":"Byte 0 is not UTF-8.",'
        b'"pointer":"","version":"1.2.3","line_base64":"/w=="}\n',
        "InvalidUtf8",
    )


@pytest.mark.parametrize("event_id", ["shardId-7:42", "shardId-7", "shardId-7:42:x"])
def test_the_shard_is_what_stands_before_the_first_colon_of_the_event_id(event_id: str) -> None:
    (line,) = curate(make_record(b"{}") | {"eventID": event_id}, no_hook, "1.2.3")
    assert isinstance(line, bytes)
    assert orjson.loads(line)["shard_id"] == "shardId-7"


@pytest.mark.parametrize(("data", "line"), [("!!!!", "!!!!"), ("é", "é"), ("a\ud800b", "a?b")])
def test_t14_data_that_is_not_base64_is_quarantined_as_its_text(data: str, line: str) -> None:
    assert quarantined(b"", data=data) == {
        "event_id": "key",
        "received_at": "2023-11-14T22:13:20.250Z",
        "shard_id": "shardId-7",
        "sequence_number": "42",
        "line_number": 1,
        "code": "MalformedRecord",
        "message": "The record's data is not base64.",
        "pointer": "",
        "version": "1.2.3",
        "line": line,
    }


def test_t14_a_damaged_aggregated_record_is_quarantined_as_one_line() -> None:
    assert quarantined(KPL) == {
        "event_id": "key",
        "received_at": "2023-11-14T22:13:20.250Z",
        "shard_id": "shardId-7",
        "sequence_number": "42",
        "line_number": 1,
        "code": "AggregatedRecord",
        "message": "The KPL-aggregated record is damaged: its checksum or message.",
        "pointer": "",
        "version": "1.2.3",
        "line_base64": "84mawms=",
    }


@pytest.mark.parametrize(
    ("data", "hook", "code", "message", "pointer"),
    [
        (b"{}", rejecting, "NoUser", "There is no user.", "/user"),
        (LONG_TYPE, no_hook, "TypeTooLong", "The type is longer than 256 characters.", "/type"),
        (b"a\xffb", no_hook, "InvalidUtf8", "Byte 1 is not UTF-8.", ""),
        (b"{}", returning([]), "HookFailed", "The hook returned list, not a dict or None.", ""),
    ],
)
def test_t01_a_verdict_says_what_and_where(
    data: bytes, hook: Hook, code: str, message: str, pointer: str
) -> None:
    found = quarantined(data, hook)
    assert (found["code"], found["message"], found["pointer"]) == (code, message, pointer)


def test_t10_the_limit_of_a_curated_line_is_exact() -> None:
    (shortest,) = ends(b"{}", returning({"a": ""}))
    assert isinstance(shortest, bytes)
    room = limits.FIREHOSE_RECORD_MAX_BYTES - len(shortest)
    (longest,) = ends(b"{}", returning({"a": "x" * room}))
    assert isinstance(longest, bytes)
    found = quarantined(b"{}", returning({"a": "x" * (room + 1)}))
    assert found["message"] == "The curated line has 1024001 bytes; the limit is 1024000."


@pytest.mark.parametrize("hook", [crashing, crashing_deeper])
def test_i5_i10_a_crash_of_the_hook_is_named_by_the_line_that_raised(hook: Hook) -> None:
    line = crashing.__code__.co_firstlineno + 1
    assert quarantined(b"{}", hook)["message"] == f"The hook raised KeyError at test_curate_lines.py:{line}."
