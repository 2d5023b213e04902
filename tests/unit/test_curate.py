"""Every line of a record has an end, whatever its bytes are (T01, T07, T10, T11, T14, D10 to D12)."""

from base64 import b64encode
from typing import Any, NoReturn

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import limits
from chalicelib.curate import Dropped, End, Hook, Quarantined, curate
from chalicelib.errors import Reject
from chalicelib.hook import hook as no_hook
from chalicelib.lines import _split_slowly, split
from chalicelib.packing import partition_key
from tests.makers import make_record


def ends(data: bytes, hook: Hook = no_hook, /, **changes: Any) -> list[End]:
    record = make_record(data)
    record["kinesis"].update(changes)
    return list(curate(record, hook, "1.2.3"))


def curated(data: bytes, hook: Hook = no_hook, /, **changes: Any) -> Any:
    (end,) = ends(data, hook, **changes)
    assert isinstance(end, bytes)
    assert end.count(b"\n") == 1
    return orjson.loads(end)


def quarantined(data: bytes, hook: Hook = no_hook, /, **changes: Any) -> Any:
    (end,) = ends(data, hook, **changes)
    assert isinstance(end, Quarantined)
    assert end.line.count(b"\n") == 1
    found = orjson.loads(end.line)
    assert found["code"] == end.code
    return found


def raising(error: Exception) -> Hook:
    def hook(_: dict[str, Any]) -> NoReturn:
        raise error

    return hook


def returning(value: Any) -> Hook:
    return lambda _: value


def test_t11_each_line_of_a_record_is_one_event_with_its_own_id() -> None:
    lines = [orjson.loads(end) for end in ends(b'{"n":1}\n{"n":2}\n{"n":3}\n') if isinstance(end, bytes)]
    assert [line["event_id"] for line in lines] == ["key", "key#2", "key#3"]
    assert [line["event"]["n"] for line in lines] == [1, 2, 3]
    assert {line["sequence_number"] for line in lines} == {"1"}


@pytest.mark.parametrize("data", [b'{"n":1}', b'{"n":1}\n', b'{"n":1}\r\n', b' {"n":1}\t\n'])
def test_t11_a_missing_or_foreign_line_end_makes_no_difference(data: bytes) -> None:
    assert curated(data)["event"] == {"n": 1}


@pytest.mark.parametrize(
    "event",
    [
        b'{"n":1.10}',
        b'{"a":1,"a":2}',
        b'{"n":1e400}',
        b'{"n":1e99999999999999999999}',
        b'{"n":12345678901234567890123}',
        b'{"n":' + b"7" * 4301 + b"}",
        b'{ "\\u0061" :1}',
    ],
)
def test_d02_d03_d05_an_untouched_event_keeps_its_bytes(event: bytes) -> None:
    (end,) = ends(event + b"\n")
    assert isinstance(end, bytes)
    assert end.endswith(b'"event":' + event + b"}\n")


@pytest.mark.parametrize(
    "line", ['127.0.0.1 - - [10/Oct/2000] "GET /"', "[1,2]", '"text"', "12", "{", '{"a":1\r2}', "가"]
)
def test_a_line_that_is_not_an_object_becomes_a_message(line: str) -> None:
    found = curated(line.encode() + b"\n")
    assert (found["event"], found["type"]) == ({"message": line}, None)


@pytest.mark.parametrize(
    ("data", "count"),
    [(b"\n" * 99_999, 99_999), (b"\n", 1), (b"  ", 1), (b"\r\n\n", 2), (b"\n" * 1000, 1000)],
)
def test_i9_blank_lines_are_dropped_and_counted_together(data: bytes, count: int) -> None:
    assert ends(data) == [Dropped("BlankLine", count)]


def test_an_empty_record_has_no_line() -> None:
    assert ends(b"") == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff\xfe", "InvalidUtf8"),
        (b'{"a":"\xe9"}', "InvalidUtf8"),
        (b"[" * 100_000, "TooDeep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "TooDeep"),
        (b'{"a":' * 900 + b"1e400" + b"}" * 900, "TooDeep"),
        (b'{"type":"' + b"t" * 257 + b'"}', "TypeTooLong"),
        (b'{"a":"' + b"x" * limits.EVENT_MAX_BYTES + b'"}', "EventTooLarge"),
        (b"\x01" * 200_000, "LineTooLarge"),
        (b"\xf3\x89\x9a\xc2\x0a\x01k\x1a\x05\x08\x00\x1a\x01x" + bytes(16), "AggregatedRecord"),
    ],
)
def test_t01_t14_what_cannot_be_processed_goes_whole_to_quarantine_with_its_code(
    data: bytes, code: str
) -> None:
    found = quarantined(data)
    assert found["code"] == code
    line = (
        found["line"].encode() if "line" in found else orjson.loads(b'"%s"' % found["line_base64"].encode())
    )
    assert line in (data, b64encode(data).decode())
    assert (found["event_id"], found["sequence_number"], found["line_number"], found["version"]) == (
        "key", "1", 1, "1.2.3",
    )  # fmt: skip


@pytest.mark.parametrize("data", ["!!!!", "e30=garbage", "e30", "é", "e3\n0="])
def test_t14_data_that_is_not_base64_goes_to_quarantine(data: str) -> None:
    assert quarantined(b"", data=data)["code"] == "MalformedRecord"


def test_i5_a_bad_line_does_not_take_its_neighbours_along() -> None:
    kinds = [type(end) for end in ends(b'{"n":1}\n\xff\n\n{"n":2}\n')]
    assert kinds == [bytes, Quarantined, bytes, Dropped]


def test_a_hook_may_change_an_event_and_other_integers_keep_their_digits() -> None:
    def hook(event: dict[str, Any]) -> dict[str, Any]:
        return {**event, "type": "new", "seen": True}

    (end,) = ends(b'{"n":123456789012345678901234567890,"type":"old","big":1e400}', hook)
    assert isinstance(end, bytes)
    assert b'"type":"new","shard_id"' in end
    assert b'"event":{"n":123456789012345678901234567890,"type":"new","big":1E+400,"seen":true}' in end


def test_a_hook_may_change_the_event_in_place() -> None:
    def hook(event: dict[str, Any]) -> dict[str, Any]:
        del event["secret"]
        return event

    assert curated(b'{"secret":1,"n":2}', hook)["event"] == {"n": 2}


def test_a_hook_may_drop_or_reject() -> None:
    (end,) = ends(b"{}", returning(None))
    assert isinstance(end, Dropped)
    assert (end.reason, end.lines) == ("DroppedByHook", 1)
    found = quarantined(b'{"a":1}', raising(Reject("NoUser", "There is no user.", "/user")))
    assert (found["code"], found["message"], found["pointer"]) == ("NoUser", "There is no user.", "/user")
    assert found["line"] == '{"a":1}'


@pytest.mark.parametrize("text", ["lone \ud800 surrogate", "\x00", "line\nfeed", "가"])
def test_i5_a_hooks_verdict_may_hold_any_text(text: str) -> None:
    assert quarantined(b"{}", raising(Reject(text, text, text)))["message"].startswith(text[:4])


@pytest.mark.parametrize(
    "hook",
    [
        raising(KeyError("hunter2")),
        raising(RecursionError()),
        raising(UnicodeDecodeError("utf-8", b"", 0, 1, "x")),
        returning([]),
        returning("text"),
        returning({"a": object()}),
        returning({1: 2}),
        returning({"a": "\ud800"}),
        returning({"a": {"b": {1, 2}}}),
    ],
)
def test_i5_i10_a_broken_hook_costs_only_its_event_and_tells_no_secret(hook: Hook) -> None:
    found = quarantined(b'{"a":"hunter2"}', hook)
    assert found["code"] == "HookFailed"
    assert "hunter2" not in found["message"]


def test_i5_a_hook_that_returns_a_circle_costs_only_its_event() -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    assert quarantined(b"{}", returning(circle))["code"] == "HookFailed"


def test_t10_a_line_that_the_hook_made_too_large_goes_to_quarantine() -> None:
    assert (
        quarantined(b"{}", returning({"a": "x" * limits.FIREHOSE_RECORD_MAX_BYTES}))["code"] == "LineTooLarge"
    )


def test_d12_the_time_is_the_records_and_the_events_own_is_left_alone() -> None:
    found = curated(
        b'{"time":"1601-01-01T00:00:00Z","received_at":"2999"}', approximateArrivalTimestamp=0.001
    )
    assert found["received_at"] == "1970-01-01T00:00:00.001Z"
    assert found["event"] == {"time": "1601-01-01T00:00:00Z", "received_at": "2999"}


@pytest.mark.parametrize("key", ["\ud800", '"', "가" * 256, "\x00", "a#2"])
def test_t14_any_id_in_a_partition_key_of_ours_comes_back(key: str) -> None:
    found = curated(b"{}", partitionKey=partition_key(key))
    assert found["event_id"] == key.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("key", ["123", "a#2", "hg1:", "\ud800", "가" * 256])
def test_t14_the_partition_key_of_a_foreign_record_is_no_id(key: str) -> None:
    found = curated(b"{}", partitionKey=key)
    assert found["event_id"] == f"{found['shard_id']}:{found['sequence_number']}"


def test_t14_a_record_without_a_partition_key_is_a_foreign_record_like_any_other() -> None:
    record = make_record(b'{"a":1}\n{"a":2}\n', 42)
    del record["kinesis"]["partitionKey"]
    ids = [orjson.loads(end)["event_id"] for end in curate(record, no_hook, "1") if isinstance(end, bytes)]
    assert ids == ["shardId-000000000000:42", "shardId-000000000000:42#2"]


@given(st.binary(max_size=30).map(lambda data: data.replace(b"\x00", b"\n")))
def test_i6_a_large_record_is_split_as_a_small_one(data: bytes) -> None:
    assert list(split(data)) == list(_split_slowly(data))
