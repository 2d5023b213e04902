"""What the tests of the event source mapping share: a mapping, records, moments."""

from typing import Any

from headgate.local.event_source import EventSourceMapping
from headgate.local.event_source.lane import Instant
from headgate.records import Record

STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/events"
SHARD = "shardId-000000000000"
ARRIVAL_S = 1_700_000_000.0


def mapping_of(**settings: Any) -> EventSourceMapping:
    function_arn = "arn:aws:lambda:us-east-1:123456789012:function:transform"
    return EventSourceMapping(
        stream_arn=STREAM_ARN, function_arn=function_arn, mapping_id="the-mapping", **settings
    )


def record_of(number: int, *, key: str = "k", data: bytes = b"x", arrival_s: float = ARRIVAL_S) -> Record:
    return Record(str(number), key, data, arrival_s)


def at(seconds: float) -> Instant:
    """Return the moment `seconds` after the records arrived."""
    return Instant(seconds, ARRIVAL_S + seconds)
