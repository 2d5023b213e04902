"""What a converter is, the converters of one flow in their order, and the fast path for access-log lines.

A drop ends the chain. When a converter fails, the original record is sent, as it was before the whole chain.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from headgate.agent.convert.apache import FastParser
from headgate.agent.javaregex.timelimit import MATCH_S, MatchTimeout, time_limit
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

FAILED, TIMEOUT = "conversion_failed", "pattern_timeout"


# Bytes that stand for themselves inside a JSON string, and the line feed between the lines. The quote is the
# field separator of the formats with a fast parser and so never inside a field.
_HARMLESS = bytes({*range(0x20, 0x100), 0x0A} - {0x5C})


class Chain:
    """Applies converters; `failures` counts the records that went out unconverted because one failed."""

    def __init__(
        self, converters: Sequence[Converter], fast: FastParser | None = None, *, bounded: bool = False
    ) -> None:
        """`fast` parses a line for the only converter of the chain; None from it means: ask the converter.

        `bounded`: the chain holds a pattern of the user, whose matches need a time limit.
        """
        self._converters = tuple(converters)
        self._fast = fast
        self._bounded = bounded
        self.failures = 0
        self.last_failure = ""

    def __bool__(self) -> bool:
        return bool(self._converters)

    def convert(self, record: bytes) -> Converted:
        """Return the record to send, or why there is none. Never raises."""
        if not self._bounded:
            return self._convert(record)
        try:
            with time_limit():
                return self._convert(record)
        except MatchTimeout:
            return Dropped(TIMEOUT, f"a pattern took more than {MATCH_S:g} s for the line")

    def convert_records(self, records: Sequence[bytes]) -> list[Converted]:
        """Return one answer per record, in order; fewer when a pattern took too long for the last of them."""
        if not self._bounded:
            return [self._convert(record) for record in records]
        answers: list[Converted] = []
        try:
            with time_limit():
                for record in records:
                    answers.append(self._convert(record))  # noqa: PERF401 - what is done must survive
        except MatchTimeout:
            # So that the other flows get their turn, the records behind the slow one are left for later.
            answers.append(self.convert(records[len(answers)]))
        return answers

    def _convert(self, record: bytes) -> Converted:
        current = record
        for converter in self._converters:
            try:
                converted = converter(current)
            except ConvertError as error:
                self.failures += 1
                self.last_failure = str(error)
                return record
            except MatchTimeout:
                raise
            except Exception as error:  # noqa: BLE001 - no line may end the agent: it is rejected, with the reason
                return Dropped(FAILED, f"the line cannot be converted: {type(error).__name__}")
            if not isinstance(converted, bytes):
                return converted
            current = converted
        return current

    def convert_block(self, block: bytes) -> list[Converted]:
        """Return one answer per line of `block`, which ends with a line feed; fewer as `convert_records`."""
        if self._fast is None:
            return self.convert_records([line + b"\n" for line in block[:-1].split(b"\n")])
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
            answers[index] = self._convert(raw[index] + b"\n")
