"""The curated line: a stable frame around the event as it was sent (T07, T11)."""

import orjson
import pytest

from chalicelib import envelope

ORIGIN = envelope.origin(1_700_000_000.25, "shardId-000000000007", "4967")


def test_the_line_has_the_columns_in_order_and_one_line_feed() -> None:
    line = envelope.wrap("id-1", "Tip", b'{"a":1}', ORIGIN)
    assert line == (
        b'{"event_id":"id-1","received_at":"2023-11-14T22:13:20.250Z","type":"Tip",'
        b'"shard_id":"shardId-000000000007","sequence_number":"4967","event":{"a":1}}\n'
    )
    assert tuple(orjson.loads(line)) == envelope.COLUMNS


@pytest.mark.parametrize("text", ['"quoted"', "back\\slash", "line\nfeed", "\x00", "가나", "\u2028", None])
def test_any_id_and_type_come_back_as_they_were(text: str | None) -> None:
    line = envelope.wrap(text or "", text, b"{}", ORIGIN)
    found = orjson.loads(line)
    assert (found["event_id"], found["type"]) == (text or "", text)
    assert line.count(b"\n") == 1


@pytest.mark.parametrize(
    "event", [b'{"n":1.10}', b'{"a":1,"a":2}', b'{"n":123456789012345678901234567890}', b'{"a" :\t1}']
)
def test_d03_d05_the_event_is_spliced_in_as_it_is(event: bytes) -> None:
    assert envelope.wrap("i", None, event, ORIGIN).endswith(b'"event":' + event + b"}\n")


@pytest.mark.parametrize(
    ("arrival_s", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1545084650.987, "2018-12-17T22:10:50.987Z"),
        (1704067199.9996, "2024-01-01T00:00:00.000Z"),
        (1709164799.999, "2024-02-28T23:59:59.999Z"),
        (4102444800.001, "2100-01-01T00:00:00.001Z"),
    ],
)
def test_the_arrival_is_utc_with_milliseconds(arrival_s: float, text: str) -> None:
    assert envelope.received_at(arrival_s) == text
