"""Which quarantined lines have been put back on the stream: small objects beside the data, for every person.

Decides their names: by hour of arrival and shard, so that a line has one place however often it was stored.
A line is noted after its acknowledgement: a crash in between repeats it under the same event id.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from headgate.quarantine.bad_lines import BadLine
from headgate.readers.bucket import Bucket
from headgate.readers.errors import ReaderError

PREFIX = "replayed/"
_HOUR = len("2026-10-01T05")


class Journal:
    """The notes of one bucket, read when they are asked for."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._notes: dict[str, dict[str, str]] = {}

    def is_back(self, line: BadLine) -> bool:
        """Whether a line was put back before."""
        return line.identity in self._of(_key(line.fields))

    def note(self, lines: Iterable[BadLine], at: str) -> None:
        """Remember that lines are back since `at`."""
        changed = set()
        for line in lines:
            key = _key(line.fields)
            self._of(key)[line.identity] = at
            changed.add(key)
        for key in sorted(changed):
            self._bucket.put(key, orjson.dumps(self._notes[key]))

    def _of(self, key: str) -> dict[str, str]:
        if key not in self._notes:
            body = self._bucket.find(key)
            try:
                self._notes[key] = dict(orjson.loads(body)) if body else {}
            except ValueError as error:
                raise ReaderError(f"{key} in the bucket {self._bucket.name} is damaged: {error}") from error
        return self._notes[key]


def _key(fields: dict[str, Any]) -> str:
    """replayed/YYYY/MM/DD/HH/<shard>.json."""
    hour = str(fields["received_at"])[:_HOUR].replace("-", "/").replace("T", "/")
    return f"{PREFIX}{hour}/{fields['shard_id']}.json"
