"""When a buffer is written to S3: at its size or at its age, whichever comes first.

Decides the moment only. Pure. Called by delivery.py.

Source: Firehose API reference, BufferingHints: SizeInMBs 1-128, IntervalInSeconds 0-900; both measured
before compression.
"""

from dataclasses import dataclass

# Source: Firehose quotas: "buffer sizes hints range from 1 MiB to 128 MiB".
MIB_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Hints:
    """A delivery stream's buffering hints."""

    size_bytes: int
    interval_s: float


@dataclass(frozen=True)
class Level:
    """What a buffer holds; `first_at_s` is when its first record came into the buffer (epoch seconds)."""

    buffered_bytes: int = 0
    records: int = 0
    first_at_s: float = 0.0


def flush_in_s(level: Level, hints: Hints, now_s: float) -> float | None:
    """Return the seconds until the buffer has to be written: 0 is now, None is never (it is empty)."""
    if not level.records:
        return None
    age_s = now_s - level.first_at_s
    # A clock set back must not keep records in the buffer: an age below zero counts as old.
    if level.buffered_bytes >= hints.size_bytes or age_s < 0:
        return 0.0
    return max(0.0, hints.interval_s - age_s)
