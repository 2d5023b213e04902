"""What a converter is, the converters of one flow in their order, and the fast path for access-log lines.

A drop ends the chain. When a converter fails, the original record is sent, as it was before the whole chain.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from headgate.agent.convert.apache import FastParser
from headgate.agent.text import decode


class Dropped(NamedTuple):
    """The record is not to be sent; `reason` is a stable word for counters and rejects."""

    reason: str
    message: str


class ConvertError(Exception):
    """The converter failed: the original record is sent as it was read, and a counter shows it."""


Converted = bytes | Dropped
Converter = Callable[[bytes], Converted]
"""One record in, one record or a drop out. Raises ConvertError."""


# Bytes that stand for themselves inside a JSON string, and the line feed between the lines. The quote is the
# field separator of the formats with a fast parser and so never inside a field.
_HARMLESS = bytes({*range(0x20, 0x100), 0x0A} - {0x5C})


class Chain:
    """Applies converters; `failures` counts the records that went out unconverted because one failed."""

    def __init__(self, converters: Sequence[Converter], fast: FastParser | None = None) -> None:
        """`fast` parses a line for the only converter of the chain; None from it means: ask the converter."""
        self._converters = tuple(converters)
        self._fast = fast
        self.failures = 0
        self.last_failure = ""

    def __bool__(self) -> bool:
        return bool(self._converters)

    def convert(self, record: bytes) -> Converted:
        """The record to send, or why there is none."""
        current = record
        for converter in self._converters:
            try:
                converted = converter(current)
            except ConvertError as error:
                self.failures += 1
                self.last_failure = str(error)
                return record
            if not isinstance(converted, bytes):
                return converted
            current = converted
        return current

    def convert_block(self, block: bytes) -> list[Converted]:
        """One answer per line of `block`, which ends with a line feed."""
        if self._fast is None:
            return [self.convert(line + b"\n") for line in block[:-1].split(b"\n")]
        fast = self._fast
        answers: list[Converted] = []
        # A line feed is never part of a longer UTF-8 sequence: the block decodes as its lines do.
        lines = decode(block[:-1]).split("\n")
        slow: list[int] = []
        # What is left without the harmless bytes: one pass over the block instead of one per field.
        special = block.translate(None, _HARMLESS)
        controls = bool(special.strip(b"\\"))
        for line in lines:
            found = fast(line, controls or (bool(special) and "\\" in line))
            if found is None:
                slow.append(len(answers))
                found = ""
            answers.append(f"{found}\n".encode())
        if slow:
            self._convert_slow(block, slow, answers)
        return answers

    def _convert_slow(self, block: bytes, indexes: list[int], answers: list[Converted]) -> None:
        raw = block[:-1].split(b"\n")
        for index in indexes:
            answers[index] = self.convert(raw[index] + b"\n")
