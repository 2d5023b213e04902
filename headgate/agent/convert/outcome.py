"""What a converter can answer besides bytes."""

from collections.abc import Callable
from typing import NamedTuple


class Dropped(NamedTuple):
    """The record is not to be sent; `reason` is a stable word for counters and rejects."""

    reason: str
    message: str


class ConvertError(Exception):
    """The converter failed: the original record is sent as it was read, and a counter shows it."""


Converted = bytes | Dropped
Converter = Callable[[bytes], Converted]
"""One record in, one record or a drop out. Raises ConvertError."""
