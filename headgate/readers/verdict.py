"""What the transform, as it is checked out here, makes of a record: the end of each of its lines.

Decides nothing itself: chalicelib.curate does. So a line that is in no object can be told from one that a
rule drops. Used by trace, status and replay.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from chalicelib.curate import End, Quarantined, curate
from chalicelib.lines import lines_of
from chalicelib.packing import record_event_id
from headgate.records import Record

Hook = Callable[[dict[str, Any]], dict[str, Any] | None]


class Verdict(NamedTuple):
    """One line of a record and where it belongs: `curated`, `quarantine`, or `dropped` for a reason."""

    event_id: str
    number: int
    text: bytes
    place: str
    reason: str = ""
    made: bytes = b""  # the line for curated/ or quarantine/


def verdicts(record: Record, shard_id: str, hook: Hook, version: str = "") -> Iterator[Verdict]:
    """The end of every line; an aggregated record is taken apart as the transform does it."""
    own = record_event_id(record.partition_key, shard_id, record.sequence_number)
    ends = curate(as_lambda_record(record, shard_id, ""), hook, version)
    for line_id, number, text in lines_of(own, record.data):
        # Blank lines have no end of their own: curate counts them together, after all others.
        place = _place(next(ends)) if text.strip() else ("dropped", "BlankLine", b"")
        yield Verdict(line_id, number, text, *place)


def as_lambda_record(record: Record, shard_id: str, stream_arn: str) -> dict[str, Any]:
    """A record as the event source mapping hands it to the transform."""
    key = {} if record.partition_key is None else {"partitionKey": record.partition_key}
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            **key,
            "sequenceNumber": record.sequence_number,
            "data": b64encode(record.data).decode(),
            "approximateArrivalTimestamp": record.arrival_s,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record.sequence_number}",
        "eventName": "aws:kinesis:record",
        "eventSourceARN": stream_arn,
    }


def _place(end: End) -> tuple[str, str, bytes]:
    if isinstance(end, bytes):
        return "curated", "", end
    if isinstance(end, Quarantined):
        return "quarantine", end.code, end.line
    return "dropped", end.reason, b""
