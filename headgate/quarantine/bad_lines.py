"""The lines of quarantine/ that a command means, each once.

Decides which lines are the same: one line of one record, in however many objects retries have put it.
"""

import argparse
from collections.abc import Iterator
from typing import Any, NamedTuple

from headgate.readers.bucket import Bucket
from headgate.readers.contents import lines_in, within
from headgate.readers.lines import content_of, fields_of, stored_fields
from headgate.readers.moments import moment
from headgate.readers.span import Span, kind_of, objects


class BadLine(NamedTuple):
    """One quarantined line: `stored` as it lies in quarantine/, `text` as it was sent."""

    fields: dict[str, Any]
    stored: bytes
    text: bytes

    @property
    def identity(self) -> str:
        """What tells it from every other line of the stream."""
        return f"{self.fields['sequence_number']} {self.fields['event_id']}"


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Declare which lines are meant."""
    parser.add_argument("--since", type=moment, metavar="TIME", help="arrived from here on")
    parser.add_argument("--until", type=moment, metavar="TIME", help="and before")
    parser.add_argument("--code", action="append", metavar="CODE", help="with this code; repeat for more")
    parser.add_argument("--event-id", metavar="ID", help="with this event id")


def bad_line(stored: bytes) -> BadLine:
    """From a line of quarantine/."""
    return BadLine(fields_of(stored), stored, content_of(stored))


def bad_lines(bucket: Bucket, args: argparse.Namespace) -> Iterator[BadLine]:
    """The lines that the filters leave, oldest objects first."""
    span = Span.of(args.since, args.until)
    kind = kind_of("quarantine", "UTC")
    seen: set[str] = set()
    for found in within(kind, span, lines_in(bucket, objects(bucket, kind, span))):
        fields = stored_fields(found.text)
        if fields is None or not all(isinstance(fields.get(name), str) for name in ("code", "message")):
            continue  # somebody else's line
        line = BadLine(fields, found.text, content_of(found.text))
        if _is_meant(line, args) and line.identity not in seen:
            seen.add(line.identity)
            yield line


def _is_meant(line: BadLine, args: argparse.Namespace) -> bool:
    by_code = not args.code or line.fields["code"] in args.code
    return by_code and (not args.event_id or line.fields["event_id"] == args.event_id)
