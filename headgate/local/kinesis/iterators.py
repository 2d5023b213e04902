"""Shard iterators and page tokens: opaque text that carries a position and the time of its issue.

Decides their form and when they expire. Holds no table of issued ones, so they survive a restart. Called by
the reading and the listing operations.

Source: API Reference, GetShardIterator ("expires 5 minutes after it is returned"), ListShards ("Tokens expire
after 300 seconds").
"""

import binascii
import struct
import time
from base64 import b64decode, b64encode
from typing import Any, NamedTuple

import orjson

from headgate.local.kinesis.limits import ITERATOR_MS, TOKEN_MS
from headgate.local.wire import AwsError

_FORM = struct.Struct(">QQQQI")  # version 1, shard number, position, issued_ms, checksum
_VERSION = 1
_CHECKED = _FORM.size - 4


class Iterator(NamedTuple):
    """Where to read next: shard number in the store, position in the shard."""

    shard: int
    position: int


def issue(iterator: Iterator, now_ms: int) -> str:
    """Return the text of an iterator that is good for five minutes."""
    packed = _FORM.pack(_VERSION, *iterator, now_ms, 0)[:_CHECKED]
    return b64encode(packed + binascii.crc32(packed).to_bytes(4)).decode()


def redeem(text: Any, now_ms: int) -> Iterator:
    """Read an iterator. Raises InvalidArgumentException, or ExpiredIteratorException after five minutes."""
    try:
        packed = b64decode(text, validate=True)
        version, shard, position, issued_ms, checksum = _FORM.unpack(packed)
    except (ValueError, TypeError, struct.error):
        raise AwsError("InvalidArgumentException", "Invalid ShardIterator.") from None
    if version != _VERSION or checksum != binascii.crc32(packed[:_CHECKED]):
        raise AwsError("InvalidArgumentException", "Invalid ShardIterator.")
    if now_ms - issued_ms > ITERATOR_MS:
        raise AwsError(
            "ExpiredIteratorException",
            f"Iterator expired. The iterator was created at time {_words(issued_ms)} while right now it is"
            f" {_words(now_ms)} which is further in the future than the tolerated delay of {ITERATOR_MS}"
            " milliseconds.",
        )
    return Iterator(shard, position)


def issue_token(page: dict[str, Any], now_ms: int) -> str:
    """Return the NextToken that continues `page`."""
    return b64encode(orjson.dumps({"issued_ms": now_ms, "page": page})).decode()


def redeem_token(text: str, now_ms: int) -> dict[str, Any]:
    """Read a NextToken. Raises InvalidArgumentException, or ExpiredNextTokenException after 300 seconds."""
    try:
        token = orjson.loads(b64decode(text, validate=True))
        page: dict[str, Any] = token["page"]
        issued_ms: int = token["issued_ms"]
    except (ValueError, TypeError, KeyError):
        raise AwsError(
            "InvalidArgumentException", "NextToken is not one that this service has issued."
        ) from None
    if now_ms - issued_ms > TOKEN_MS:
        raise AwsError("ExpiredNextTokenException", "NextToken has expired: it is good for 300 seconds.")
    return page


def _words(epoch_ms: int) -> str:
    return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(epoch_ms / 1000))
