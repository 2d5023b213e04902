"""Which objects of a bucket can hold lines of a time range, from their names and times alone.

Decides where a listing starts and which objects are left out. Never leaves out an object that could hold a
wanted line: an object is written after its newest record has arrived, so its time of writing bounds them all.

Source: Data Firehose developer guide, object names: prefix and name carry the arrival of the oldest record.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from headgate.readers.bucket import Bucket, Object
from headgate.readers.errors import ReaderError
from headgate.settings import prefixes

# An object lies in the folder of its oldest record. Firehose keeps what S3 refuses for 24 hours, so a record
# can lie in a folder that is a day older than itself; two hours for zones that change their clocks.
_FOLDER_LAG_S = 26 * 3600.0
# Clocks of Kinesis, Firehose and S3 are not one.
_SKEW_S = 120.0
_NAME_TIME = re.compile(r"-(\d{4}-\d\d-\d\d-\d\d-[0-5]\d-[0-5]\d)-[0-9a-f]{8}-")


class Span(NamedTuple):
    """From `from_s` up to but not including `to_s`, epoch seconds of arrival on the stream."""

    from_s: float = float("-inf")
    to_s: float = float("inf")

    @classmethod
    def of(cls, from_s: float | None, to_s: float | None) -> "Span":
        """From two optional arguments. Raises ReaderError when they are the wrong way round."""
        span = cls(float("-inf") if from_s is None else from_s, float("inf") if to_s is None else to_s)
        if span.from_s >= span.to_s:
            raise ReaderError("the time range ends before it begins")
        return span

    def holds(self, arrival_s: float) -> bool:
        """Whether a record that arrived then is wanted."""
        return self.from_s <= arrival_s < self.to_s


class Kind(NamedTuple):
    """One of the four data prefixes: how its hour folders are called, and in which zone."""

    name: str
    prefix: str
    folder: str  # of strftime
    zone: ZoneInfo


def kind_of(name: str, time_zone: str) -> Kind:
    """Return the prefix of that name; the folders of `curated` are in the stage's `time_zone`."""
    utc = ZoneInfo("UTC")
    return {
        "raw": Kind(name, prefixes.RAW, "%Y/%m/%d/%H/", utc),
        "curated": Kind(name, prefixes.CURATED, "dt=%Y-%m-%d/hour=%H/", ZoneInfo(time_zone)),
        "quarantine": Kind(name, prefixes.QUARANTINE, "%Y/%m/%d/%H/", utc),
        "dropped": Kind(name, prefixes.DROPPED, "%Y/%m/%d/%H/", utc),
    }[name]


def objects(bucket: Bucket, kind: Kind, span: Span) -> Iterator[Object]:
    """The objects that can hold a line of the span; inside an hour's folder in the order of their writing."""
    found = bucket.list(kind.prefix, first_folder(kind, span.from_s))
    for _, folder in groupby(found, key=lambda each: each.key.rpartition("/")[0]):
        wanted = (each for each in folder if each.size_bytes and may_hold(kind, each, span))
        yield from sorted(wanted, key=lambda each: (each.modified_s, each.key))


def first_folder(kind: Kind, from_s: float) -> str:
    """The key after which a listing has to start."""
    if from_s == float("-inf"):
        return ""
    return folder_of(kind, max(from_s - _FOLDER_LAG_S, 0.0))


def folder_of(kind: Kind, arrival_s: float) -> str:
    """The key's beginning of an object whose oldest record arrived then."""
    return kind.prefix + datetime.fromtimestamp(arrival_s, kind.zone).strftime(kind.folder)


def may_hold(kind: Kind, found: Object, span: Span) -> bool:
    """Whether an object can hold a record of the span."""
    if found.modified_s < span.from_s - _SKEW_S:
        return False
    # A curated line may be made long after its record's arrival: only its own field tells.
    return kind.name == "curated" or span.to_s == float("inf") or oldest_s(kind, found) < span.to_s


def oldest_s(kind: Kind, found: Object) -> float:
    """The arrival of an object's oldest record as its name has it, or else the start of its folder's hour.

    -inf for a key that has neither.
    """
    if match := _NAME_TIME.search(found.key):
        return datetime.strptime(match[1], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=kind.zone).timestamp()
    folder = found.key.removeprefix(kind.prefix).rpartition("/")[0] + "/"
    try:
        hour = datetime.strptime(folder, kind.folder).replace(tzinfo=kind.zone)
    except ValueError:
        return float("-inf")
    return hour.timestamp()
