"""The batches that Lambda has given up (T05): their records, whole, from the on-failure destination.

Decides which records belong to the range: those that arrived in it. Nothing else holds them once the stream's
retention is over.

Source: Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams event source".
"""

from base64 import b64decode
from collections.abc import Iterator

import orjson

from headgate.readers.bucket import Bucket
from headgate.readers.decode import split
from headgate.readers.errors import ReaderError
from headgate.readers.putting import Returning, unchanged
from headgate.readers.span import Span
from headgate.records import Record
from headgate.replay.plan import Mark, Portion, ReplayPlan
from headgate.settings import prefixes


class FailedSource:
    """The objects that Lambda leaves, in the order of their writing."""

    def __init__(self, bucket: Bucket, span: Span) -> None:
        self._bucket = bucket
        self._span = span

    def count(self) -> ReplayPlan:
        """Count records and lines, and note the objects that hold any."""
        records = lines = size_bytes = 0
        keys = []
        found = sorted(self._bucket.list(prefixes.FAILED_BATCHES), key=lambda each: each.modified_s)
        for each in found:
            if each.modified_s >= self._span.from_s and (wanted := self._records(each.key)):
                keys.append(each.key)
                records += len(wanted)
                lines += sum(bool(line.strip()) for record in wanted for line in split(record.data))
                size_bytes += sum(len(record.data) for record in wanted)
        return ReplayPlan(records, lines, size_bytes, objects=keys)

    def portions(self, plan: ReplayPlan, mark: Mark | None) -> Iterator[Portion]:
        """One portion for each object; the mark is how many are done."""
        done = int(mark["objects"]) if mark else 0
        for place, key in enumerate(plan.objects[done:], start=done + 1):
            yield Portion(self._records(key), {"objects": place})

    def _records(self, key: str) -> list[Returning]:
        try:
            wire = orjson.loads(orjson.loads(self._bucket.get(key))["payload"])["Records"]
            records = [_returning(each) for each in wire]
        except (ValueError, KeyError, TypeError) as error:
            raise ReaderError(f"{key} is no batch that Lambda has given up: {error!r}") from error
        return [record for record in records if self._span.holds(record.arrival_s)]


def _returning(wire: dict[str, dict[str, str]]) -> Returning:
    kinesis = wire["kinesis"]
    shard_id = str(wire["eventID"]).partition(":")[0]
    arrival_s = float(kinesis["approximateArrivalTimestamp"])
    key, data = kinesis.get("partitionKey"), b64decode(kinesis["data"])
    return unchanged(Record(kinesis["sequenceNumber"], key, data, arrival_s), shard_id)
