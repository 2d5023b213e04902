"""One record on its way through the delivery. Decides nothing."""

from typing import NamedTuple


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
