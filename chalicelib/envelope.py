"""The curated line: one stable envelope around an event whose bytes are spliced in, not written anew.

The same record gives the same bytes, however often and by whichever retry it is made.
"""

from datetime import UTC, datetime
from functools import lru_cache

import orjson

from chalicelib import limits

_MILLIS = tuple(f".{millis:03}Z" for millis in range(1000))  # half the time of formatting one each time
COLUMNS = ("event_id", "received_at", "type", "shard_id", "sequence_number", "event")


# What a record's lines share: received_at, shard_id, sequence_number. Plain, since each record has one.
Origin = tuple[str, str, str]


def origin(arrival_s: float, shard_id: str, sequence_number: str) -> Origin:
    """Return the origin of a record that arrived at `arrival_s` (epoch seconds)."""
    return received_at(arrival_s), shard_id, sequence_number


def received_at(arrival_s: float) -> str:
    """Return a record's arrival (epoch seconds) as RFC 3339 in UTC with milliseconds."""
    millis = round(arrival_s * 1000)
    return _second(millis // 1000) + _MILLIS[millis % 1000]


@lru_cache(maxsize=64)  # a batch's records arrived within seconds of each other
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def as_text(line: bytes) -> bytes:
    """Return the JSON string whose text is `line`: for formats in which no reader shall look into an event.

    Firehose converts records to Parquet and ORC with a JSON reader of its own, which refuses repeated keys
    and rounds numbers. Source: Firehose developer guide, JSON deserializers; docs/decisions/0006.
    """
    return orjson.dumps(line.decode())


def wrap(event_id: str, event_type: str | None, line: bytes, record: Origin) -> bytes:
    """Return one curated line with its line feed. `line` is JSON on one line, and is not written anew."""
    received, shard_id, sequence_number = record
    columns = orjson.dumps(
        {
            "event_id": event_id,
            "received_at": received,
            "type": event_type,
            "shard_id": shard_id,
            "sequence_number": sequence_number,
        }
    )
    # Joined, not dumped with the event as a Fragment: orjson's buffer would leave a hole behind every line.
    return b"".join((columns[:-1], b',"event":', line, b"}\n"))


# The longest envelope: each character of a key or type takes at most 6 bytes of JSON; 256 + "#" + digits.
_LONGEST_BYTES = len(wrap("", None, b"", origin(0.0, "x" * 128, "9" * 128))) + 6 * (
    limits.PARTITION_KEY_MAX_CHARS + 16 + limits.TYPE_MAX_CHARS
)
if limits.EVENT_MAX_BYTES + _LONGEST_BYTES > limits.FIREHOSE_RECORD_MAX_BYTES:
    raise AssertionError("the longest event in its envelope would not fit into a Firehose record")
