"""What is traced: an event id or a sequence number, and what has been found of it.

Decides what matches. An id of digits alone may be either, so both are compared.
"""

import re
from typing import Any, NamedTuple

import orjson

from chalicelib.lines import lines_of
from chalicelib.packing import record_event_id
from headgate.readers.contents import Found
from headgate.readers.lines import stored_fields
from headgate.records import Record

# The ids of requests come from API Gateway's trace header, which holds the second of the request.
# Source: AWS X-Ray, trace ids: 1-<epoch seconds as 8 hex digits>-<24 hex digits>.
_TRACE_ID = re.compile(r"1-([0-9a-f]{8})-[0-9a-f]{24}(?:[/#].*)?")


class Copy(NamedTuple):
    """One line of one record on the stream; `text` is None where it is not known as it was sent."""

    event_id: str
    shard_id: str
    sequence_number: str
    arrival_s: float
    number: int
    text: bytes | None
    record: Record | None


class Hop(NamedTuple):
    """One place of the path where a copy was found, or why it was not; `time_s` epoch seconds."""

    place: str
    time_s: float | None
    details: dict[str, Any]


class Query(NamedTuple):
    """The text that was asked for."""

    text: str

    @property
    def made_s(self) -> float | None:
        """When the id was made, if it says so."""
        match = _TRACE_ID.fullmatch(self.text)
        return float(int(match[1], 16)) if match else None

    def in_record(self, record: Record, shard_id: str) -> list[Copy]:
        """The lines of a record that are meant: all of them for its sequence number."""
        by_number = record.sequence_number == self.text
        own = record_event_id(record.partition_key, shard_id, record.sequence_number)
        if not by_number and not self.text.startswith(own):
            return []
        return [
            Copy(name, shard_id, record.sequence_number, record.arrival_s, number, text, record)
            for name, number, text in lines_of(own, record.data)
            if name == self.text or (by_number and text.strip())
        ]

    def in_line(self, found: Found) -> dict[str, Any] | None:
        """A curated or quarantined line's fields, if it is meant; most lines are ruled out by their bytes."""
        if orjson.dumps(self.text) not in found.text:
            return None
        fields = stored_fields(found.text)
        if fields is None or self.text not in {fields["event_id"], fields["sequence_number"]}:
            return None
        return fields
