"""The object that is being written: records encoded into a file as they come, so memory stays flat.

Decides what is in the object, how old its oldest record is and how far in its source it reaches. Never
decides when it ends (buffer.py) or whether S3 has it. Called by delivery.py only.
"""

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, NamedTuple
from uuid import UUID

from headgate.local.firehose.buffer import MIB_BYTES, Level
from headgate.local.firehose.destination import Plan

# Up to here an object is kept in memory, beyond it in an unnamed temporary file.
_IN_MEMORY_BYTES = MIB_BYTES


class Arrival(NamedTuple):
    """One record on its way, or, with `data` None, only the news that a source has got to `place`.

    `place` is the row of a direct put (source "") or the checkpoint of a shard; `arrival_s` is the record's
    approximate arrival, `buffered_s` when Firehose took it in (both epoch seconds).
    """

    source: str
    place: str
    arrival_s: float
    buffered_s: float
    data: bytes | None


@dataclass
class OpenObject:
    """One object under construction, bound to one version of the destination."""

    plan: Plan
    uuid: UUID
    file: IO[bytes] = field(init=False)
    level: Level = field(default_factory=Level)
    oldest_arrival_s: float = float("inf")
    places: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Closed by `close`, when S3 has the object.
        self.file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - see above
        naming = self.plan.naming
        entry_name = f"{naming.delivery_stream}-{naming.version}-{self.uuid}"
        self._is_finished = False
        self._encoder = self.plan.format.open_encoder(self.file, entry_name)

    def add(self, arrival: Arrival) -> None:
        """Take the next record."""
        self.places[arrival.source] = arrival.place
        if arrival.data is None:
            return
        self._encoder.write(arrival.data)
        level = self.level
        self.level = Level(
            level.buffered_bytes + len(arrival.data),
            level.records + 1,
            level.first_at_s if level.records else arrival.buffered_s,
        )
        self.oldest_arrival_s = min(self.oldest_arrival_s, arrival.arrival_s)

    def finish(self) -> int:
        """End the format; return the object's size in bytes."""
        self._is_finished = True
        self._encoder.close()
        return self.file.seek(0, 2)

    def close(self) -> None:
        """Give up the file."""
        if not self._is_finished:
            # A ZIP writes its end when it goes; on a full disk that may fail, and the file is thrown away.
            with suppress(OSError):
                self.finish()
        self.file.close()
