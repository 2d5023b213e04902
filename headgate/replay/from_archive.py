"""A time range of raw-data/: its lines, each under the id that it had, or under one that its place gives it.

Decides which objects belong to the range: those whose oldest record does. A line that curated/ and
quarantine/ do not know gets the id `<object's uuid>/<line>`, the same in every replay.
"""

import re
from collections.abc import Iterator
from itertools import islice

from chalicelib.hook import hook
from chalicelib.limits import PACK_BYTES
from chalicelib.packing import event_id
from headgate.readers import decode
from headgate.readers.bucket import Bucket, Object
from headgate.readers.contents import bodies, lines_in, within
from headgate.readers.lines import content_of
from headgate.readers.putting import Returning, returning
from headgate.readers.span import Kind, Span, kind_of, objects, oldest_s
from headgate.readers.verdict import Verdict, verdicts
from headgate.records import Record
from headgate.replay.known_ids import KnownIds
from headgate.replay.plan import Mark, Portion, ReplayPlan

_PORTION = 500  # records
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_S3_TICK_S = 1.0  # S3 leaves the fraction of a second out of an object's time


class ArchiveSource:
    """The objects of raw-data/ that begin in the span."""

    def __init__(self, bucket: Bucket, time_zone: str, span: Span) -> None:
        self._bucket = bucket
        self._zone = time_zone
        self._span = span

    def count(self) -> ReplayPlan:
        """Count lines and note the objects."""
        kind = self._kind("raw")
        found = [
            each for each in objects(self._bucket, kind, self._span) if self._span.holds(oldest_s(kind, each))
        ]
        lines = size_bytes = 0
        for line in lines_in(self._bucket, found):
            lines += 1
            size_bytes += len(line.text) + 1
        return ReplayPlan(lines, lines, size_bytes, objects=[each.key for each in found])

    def portions(self, plan: ReplayPlan, mark: Mark | None) -> Iterator[Portion]:
        """Portions of one object after the other; the mark is the object's place and the line done in it.

        What the mark leaves out is gone through all the same, for its ids are given out in order.
        """
        done = (int(mark["object"]), int(mark["line"])) if mark else (0, 0)
        with KnownIds() as ids:
            found = self._listed(plan)
            self._learn(ids, found)
            for place, (each, body) in enumerate(bodies(self._bucket, found)):
                left = ((n, record) for n, record in self._records(each, body, ids) if (place, n) > done)
                records = together(left)
                while ready := list(islice(records, _PORTION)):
                    mark = {"object": place, "line": ready[-1][0]}
                    yield Portion([record for _, record in ready], mark)

    def _records(self, each: Object, body: bytes, ids: KnownIds) -> Iterator[tuple[int, Returning]]:
        oldest = max(oldest_s(self._kind("raw"), each), 0.0)
        for number, text in decode.units(decode.plain(each.key, body)):
            if not text.strip():
                continue
            own = ("raw-data", str(number), oldest)
            verdict = next(verdicts(Record(str(number), "raw", text, oldest), "raw-data", hook))
            yield number, ids.take(_content(verdict), text) or returning(_place_id(each, number), text, own)

    def _learn(self, ids: KnownIds, found: list[Object]) -> None:
        """Read the ids of all lines that can have come from these objects.

        Not of later ones: what a replay has put back since is in other objects, and a copy that was counted
        here would stand for a line that has no id.
        """
        kind = self._kind("raw")
        if not found:
            return
        from_s = min(oldest_s(kind, each) for each in found) - 1.0
        span = Span(from_s, max(each.modified_s for each in found) + _S3_TICK_S)
        for name in ("curated", "quarantine"):
            kind = self._kind(name)
            ids.learn(within(kind, span, lines_in(self._bucket, objects(self._bucket, kind, span))))

    def _listed(self, plan: ReplayPlan) -> list[Object]:
        by_key = {each.key: each for each in objects(self._bucket, self._kind("raw"), self._span)}
        return [by_key[key] for key in plan.objects if key in by_key]

    def _kind(self, name: str) -> Kind:
        return kind_of(name, self._zone)


def _content(verdict: Verdict) -> bytes:
    """What a line is known by in curated/ or quarantine/."""
    return content_of(verdict.made.removesuffix(b"\n")) if verdict.place == "curated" else verdict.text


def _place_id(each: Object, number: int) -> str:
    uuid = _UUID.search(each.key)
    return f"{uuid[0] if uuid else each.key[-200:]}/{number}"


def together(lines: Iterator[tuple[int, Returning]]) -> Iterator[tuple[int, Returning]]:
    """The records, each with the number of its last line."""
    held: tuple[int, Returning] | None = None
    count = 0
    for number, line in lines:
        if held and _continues(held[1], count, line):
            held, count = (number, held[1]._replace(data=held[1].data + line.data)), count + 1
            continue
        if held:
            yield held
        held, count = (number, line), 1
    if held:
        yield held


def _continues(record: Returning, count: int, line: Returning) -> bool:
    return (
        line.partition_key == event_id(record.partition_key, count + 1)
        and (line.shard_id, line.sequence_number) == (record.shard_id, record.sequence_number)
        and record.data.endswith(b"\n")
        and len(record.data) + len(line.data) <= PACK_BYTES
    )
