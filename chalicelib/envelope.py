"""The curated line: one stable envelope around an event whose bytes are spliced in, not written anew.

The same record gives the same bytes, however often and by whichever retry it is made.
"""

from datetime import UTC, datetime
from functools import lru_cache

import orjson

from chalicelib import limits

COLUMNS = ("event_id", "received_at", "type", "shard_id", "sequence_number", "event")


def received_at(arrival_s: float) -> bytes:
    """A record's arrival (epoch seconds) as RFC 3339 in UTC with milliseconds, in quotes."""
    seconds, millis = divmod(round(arrival_s * 1000), 1000)
    return b'"%s.%03dZ"' % (_second(seconds), millis)


@lru_cache(maxsize=64)  # a batch's records arrived within seconds of each other
def _second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def receipt(arrival_s: float, shard_id: str, sequence_number: str) -> tuple[bytes, bytes]:
    """The two parts of the envelope that all lines of a record share, made once per record."""
    where = b',"shard_id":%s,"sequence_number":%s,"event":' % (
        orjson.dumps(shard_id),
        orjson.dumps(sequence_number),
    )
    return b',"received_at":%s,"type":' % received_at(arrival_s), where


def wrap(event_id: str, event_type: str | None, line: bytes, parts: tuple[bytes, bytes]) -> bytes:
    """One curated line with its line feed. `line` is a JSON object on one line; `parts` is the receipt's."""
    return b'{"event_id":%s%s%s%s%s}\n' % (
        orjson.dumps(event_id),
        parts[0],
        orjson.dumps(event_type),
        parts[1],
        line,
    )


# The longest envelope: each character of a key or type takes at most 6 bytes of JSON; 256 + "#" + digits.
_LONGEST_BYTES = len(wrap("", None, b"", receipt(0.0, "x" * 128, "9" * 128))) + 6 * (
    limits.PARTITION_KEY_MAX_CHARS + 16 + limits.TYPE_MAX_CHARS
)
if limits.EVENT_MAX_BYTES + _LONGEST_BYTES > limits.FIREHOSE_RECORD_MAX_BYTES:
    raise AssertionError("the longest event in its envelope would not fit into a Firehose record")
