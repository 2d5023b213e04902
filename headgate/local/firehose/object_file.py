"""The object that is being written: records encoded into a file as they come, so memory stays flat.

Decides what is in the object, how old its oldest record is and how far in its source it reaches. A record
that its format refuses goes into a second object beside it, the error output, whole and with the reason.
Never decides when an object ends (buffer.py) or whether S3 has it. Called by delivery.py only.

Source: Firehose developer guide, "Handling errors for data format conversion".
"""

import base64
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple
from uuid import UUID

import orjson

from headgate.local.firehose.buffer import MIB_BYTES, Level
from headgate.local.firehose.compress import Refusal
from headgate.local.firehose.destination import DestinationPlan
from headgate.local.firehose.prefix import object_key
from headgate.local.firehose.store import DIRECT, Arrival

# Up to here an object is kept in memory, beyond it in an unnamed temporary file.
_IN_MEMORY_BYTES = MIB_BYTES


class Part(NamedTuple):
    """One finished object: its key and its file, to be read from the start."""

    key: str
    file: IO[bytes]
    size_bytes: int


@dataclass
class _Output:
    """A file and what is in it."""

    file: IO[bytes] = field(init=False)
    records: int = 0
    oldest_arrival_s: float = float("inf")

    def __post_init__(self) -> None:
        # Closed by OpenObject.close, when S3 has the object.
        self.file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - see above

    def count(self, arrival_s: float) -> None:
        """Note one record more."""
        self.records += 1
        self.oldest_arrival_s = min(self.oldest_arrival_s, arrival_s)


@dataclass
class OpenObject:
    """One object under construction, bound to one version of the destination."""

    plan: DestinationPlan
    uuid: UUID
    wall_s: Callable[[], float]
    level: Level = field(default_factory=Level)
    places: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._data = _Output()
        self._errors: _Output | None = None
        naming = self.plan.naming
        entry_name = f"{naming.delivery_stream}-{naming.version}-{self.uuid}"
        self._is_finished = False
        self._encoder = self.plan.format.open_encoder(self._data.file, entry_name)

    @property
    def oldest_arrival_s(self) -> float:
        """When the oldest record arrived; endless when there is none."""
        errors_s = self._errors.oldest_arrival_s if self._errors else float("inf")
        return min(self._data.oldest_arrival_s, errors_s)

    @property
    def refused(self) -> int:
        """The records that go to the error output."""
        return self._errors.records if self._errors else 0

    def add(self, arrival: Arrival) -> None:
        """Take the next record."""
        self.places[arrival.source] = arrival.place
        if arrival.data is None:
            return
        refusal = self._encoder.write(arrival.data)
        if refusal is None:
            self._data.count(arrival.arrival_s)
        else:
            self._errors = self._errors or _Output()
            line = error_line(arrival, refusal, self.plan.format.catalog_table, self.wall_s())
            self._errors.file.write(line)
            self._errors.count(arrival.arrival_s)
        level = self.level
        self.level = Level(
            level.buffered_bytes + len(arrival.data),
            level.records + 1,
            level.first_at_s if level.records else arrival.buffered_s,
        )

    def finish(self, new_uuid: Callable[[], UUID]) -> list[Part]:
        """End the format; return what has to be put, the data last."""
        self._end()
        parts = []
        if (errors := self._errors) is not None:
            key = object_key(self.plan.errors, errors.oldest_arrival_s, new_uuid, ERROR_OUTPUT_TYPE)
            parts.append(Part(key, errors.file, errors.file.seek(0, 2)))
        if (data := self._data).records:
            key = object_key(self.plan.naming, data.oldest_arrival_s, new_uuid)
            parts.append(Part(key, data.file, data.file.seek(0, 2)))
        return parts

    def close(self) -> None:
        """Give up the files."""
        if not self._is_finished:
            # A ZIP writes its end when it goes; on a full disk that may fail, and the file is thrown away.
            with suppress(OSError):
                self._end()
        self._data.file.close()
        if self._errors is not None:
            self._errors.file.close()

    def _end(self) -> None:
        self._is_finished = True
        self._encoder.close()


ERROR_OUTPUT_TYPE = "format-conversion-failed"


def error_line(arrival: Arrival, refusal: Refusal, catalog_table: Mapping[str, Any], now_s: float) -> bytes:
    """Return the JSON line, with its line feed; times in epoch milliseconds."""
    line = {
        "attemptsMade": 1,
        "arrivalTimestamp": round(arrival.arrival_s * 1000),
        "lastErrorCode": refusal.code,
        "lastErrorMessage": refusal.message,
        "attemptEndingTimestamp": round(now_s * 1000),
        "rawData": base64.b64encode(arrival.data or b"").decode(),
        "sequenceNumber": None if arrival.source == DIRECT else arrival.place,
        "subSequenceNumber": None,
        "dataCatalogTable": dict(catalog_table) or None,
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
