"""Finds an event: in curated/ and quarantine/ by id, on the stream by its place, in raw-data/ by its bytes.

Decides where to look and in which order, the cheapest first. Never changes anything.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Any, NamedTuple

from headgate.readers import decode
from headgate.readers.bucket import Bucket, Object
from headgate.readers.contents import Found, bodies, lines_in
from headgate.readers.errors import NoShardError
from headgate.readers.feed import Feed
from headgate.readers.lines import content_of
from headgate.readers.moments import parse_shown, shown
from headgate.readers.span import Span, first_folder, folder_of, kind_of, may_hold, objects
from headgate.readers.stage import Stage
from headgate.records import Record
from headgate.trace.query import Copy, Hop, Query

_WINDOWS_S = (600.0, 3600.0, 6 * 3600.0, float("inf"))
_ONE_MS = 0.001
# S3 gives an object's time in whole seconds, and its clock may be a second behind the stream's.
_SKEW_S = 2.0
_HOUR_S = 3600.0
_REPORT_EVERY = 1000  # records

Report = Callable[[str], None]


def _silent(_: str) -> None:
    """Nobody is waiting."""


class End(NamedTuple):
    """One line in curated/, quarantine/ or dropped/, and its fields."""

    kind: str
    found: Found
    fields: dict[str, Any]

    @property
    def receipt(self) -> tuple[str, str]:
        """What tells one copy of an event from another."""
        return str(self.fields["sequence_number"]), str(self.fields["event_id"])


def ends(query: Query, stage: Stage, bucket: Bucket, span: Span, report: Report = _silent) -> list[End]:
    """Return the lines with the id or the number in curated/, quarantine/ and dropped/."""
    return [
        End(name, found, fields)
        for name in ("quarantine", "dropped", "curated")
        for found in lines_in(
            bucket, _told(objects(bucket, kind_of(name, stage.settings.time_zone), span), name, report)
        )
        if (fields := query.in_line(found))
    ]


def copies(query: Query, stage: Stage, found: list[End], span: Span, report: Report = _silent) -> list[Copy]:
    """The copies of the event: where an end names the place from there, else by a look through the stream.

    A copy whose record is no longer on the stream is known by its end alone.
    """
    records: dict[str, Record | None] = {}
    known: dict[tuple[str, str], Copy] = {}
    for end in found:
        sequence_number, _ = end.receipt
        if sequence_number not in records:
            records[sequence_number] = _at_its_place(stage, end)
        known.setdefault(end.receipt, _copy(end, records[sequence_number]))
    return list(known.values()) or next(filter(None, _windows(query, stage, span, report)), [])


def archived(copy: Copy, stage: Stage, bucket: Bucket) -> Hop | None:
    """The object of raw-data/ and the line in it, by the bytes of the whole record or else of the line.

    Bytes may repeat: all objects are looked through that can hold the record, and the first place is named.
    """
    if copy.text is None:
        return None
    first: tuple[Object, int] | None = None
    same = 0
    for each, body in bodies(bucket, _candidates(copy, stage, bucket)):
        line_number, here = _place_in(decode.plain(each.key, body), copy)
        same += here
        if line_number and first is None:
            first = each, line_number
    if first is None:
        return None
    details: dict[str, Any] = {"object": object_name(bucket, first[0]), "line_number": first[1]}
    if same > 1:
        details |= {"identical_lines": same, "note": f"one of {same} places with these bytes"}
    return Hop("raw", first[0].modified_s, details)


def object_name(bucket: Bucket, found: Object) -> str:
    """An object as a person would name it."""
    return f"s3://{bucket.name}/{found.key}"


def _candidates(copy: Copy, stage: Stage, bucket: Bucket) -> list[Object]:
    """The objects that can hold a copy, oldest first: written after its arrival, begun before it."""
    kind = kind_of("raw", stage.settings.time_zone)
    span = Span(copy.arrival_s, copy.arrival_s + 1)
    end = folder_of(kind, copy.arrival_s + 2 * _HOUR_S)
    listed = takewhile(lambda each: each.key < end, bucket.list(kind.prefix, first_folder(kind, span.from_s)))
    fitting = (
        each
        for each in listed
        if each.size_bytes and may_hold(kind, each, span) and each.modified_s >= copy.arrival_s - _SKEW_S
    )
    return sorted(fitting, key=lambda each: (each.modified_s, each.key))


def _told(found: Iterable[Object], name: str, report: Report) -> Iterator[Object]:
    for number, each in enumerate(found, start=1):
        report(f"looking in {name}/: {number:,} objects")
        yield each


def _at_its_place(stage: Stage, end: End) -> Record | None:
    """The record behind an end, if it is still there: its shard is read for the time of its arrival only."""
    arrival_s = parse_shown(end.fields["received_at"])
    span, shard_id = Span(arrival_s - _ONE_MS, arrival_s + 2 * _ONE_MS), str(end.fields["shard_id"])
    feed = Feed(stage.client("kinesis"), stage.names.stream, span, stage.clock, shard_id)
    try:
        records = [arrival.record for arrival in feed.arrivals()]
    except NoShardError:  # retention has taken it
        return None
    return next((record for record in records if record.sequence_number == end.receipt[0]), None)


def _copy(end: End, record: Record | None) -> Copy:
    sequence_number, event_id = end.receipt
    shard_id = str(end.fields["shard_id"])
    if record:
        for copy in Query(event_id).in_record(record, shard_id):
            return copy
    arrival_s = parse_shown(end.fields["received_at"])
    text = None if end.kind == "dropped" else content_of(end.found.text)  # a note has no text
    return Copy(event_id, shard_id, sequence_number, arrival_s, 1, text, None)


def _windows(query: Query, stage: Stage, span: Span, report: Report) -> Iterator[list[Copy]]:
    """Looks through the stream, the last minutes first: what has no end yet is mostly new."""
    now_s = stage.clock.wall()
    to_s = span.to_s
    seen = 0
    for window_s in _WINDOWS_S:
        from_s = max(span.from_s, now_s - window_s)
        feed = Feed(stage.client("kinesis"), stage.names.stream, Span(from_s, to_s), stage.clock)
        report(f"looking on the stream from {shown(max(from_s, 0.0))} on")
        held: list[Copy] = []
        for shard_id, record in feed.arrivals():
            held += query.in_record(record, shard_id)
            seen += 1
            if seen % _REPORT_EVERY == 0:
                report(f"looking on the stream: {seen:,} records, at {shown(record.arrival_s)}")
        yield held
        to_s = from_s
        if from_s <= span.from_s:
            return


def _place_in(data: bytes, copy: Copy) -> tuple[int, int]:
    """The number of the copy's line in an object (0: not there), and how many times these bytes are in it."""
    whole, before = (copy.record.data, copy.number - 1) if copy.record else (copy.text or b"", 0)
    lines, query = b"\n" + data, whole if copy.record else b"\n" + whole + b"\n"
    at = lines.find(query)
    return (lines.count(b"\n", 0, at + 1) + before if at >= 0 else 0), lines.count(query)
