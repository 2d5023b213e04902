"""`headgate read`: the lines of the stream or of the bucket, decoded, oldest first.

Decides what one printed line holds for each source. Never changes anything.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from headgate.readers import contents
from headgate.readers.bucket import Object
from headgate.readers.ending import FOUND_NOTHING, describe, ended
from headgate.readers.errors import ReaderError
from headgate.readers.feed import Feed
from headgate.readers.line_view import show
from headgate.readers.lines import as_envelope, content_of, lines_of
from headgate.readers.moments import add_zone_argument, moment
from headgate.readers.span import Span, kind_of, objects
from headgate.readers.stage import Stage, add_files_argument, add_stage_arguments, open_stage
from headgate.terminal import Printer

SOURCES = ("stream", "raw", "curated", "quarantine", "dropped")
_EXAMPLES = """
read stream --since 10m --where type=click
read curated --stage prod --since 2026-10-01T05:00Z --until 2026-10-01T06:00Z | jq .event
read quarantine --follow
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    describe(parser, _EXAMPLES, "no line found")
    parser.add_argument("source", choices=SOURCES, help="where to read")
    add_stage_arguments(parser)
    add_files_argument(parser)
    parser.add_argument("--since", type=moment, metavar="TIME", help="from here on: 10m, 2h, ISO 8601")
    parser.add_argument("--until", type=moment, metavar="TIME", help="up to here")
    parser.add_argument("--shard", help="this shard of the stream only: its id or its number")
    parser.add_argument(
        "--follow", action="store_true", help="go on with what arrives; from now without --since"
    )
    parser.add_argument(
        "--where",
        type=condition,
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="only lines with this field, of the line or of its event (a.b goes deeper); repeat for more",
    )
    parser.add_argument("--limit", type=_count, metavar="N", help="end after so many lines")
    add_zone_argument(parser)
    parser.add_argument("--lines", action="store_true", help="only the lines as they were sent")


def run(args: argparse.Namespace) -> int:
    """Print the lines; 1 when there was none."""
    return ended("read", lambda: _read(args, Printer()))


def _read(args: argparse.Namespace, printer: Printer) -> int:
    with open_stage(args) as stage:
        rows = (row for row in _rows(args, stage) if wanted(row, args.where))
        printed = 0
        for row in itertools.islice(rows, args.limit):
            printed += 1
            if args.lines:
                printer.data(content_of(row))
            elif printer.is_terminal:
                printer.text(show(row, printer, args.zone))
            else:
                printer.data(row)
            if args.follow or printed == 1:
                printer.flush()
    if not printed:
        printer.note(f"no line found in {args.source}")
    return 0 if printed else FOUND_NOTHING


def _rows(args: argparse.Namespace, stage: Stage) -> Iterator[bytes]:
    since_s = stage.clock.wall() if args.follow and args.since is None else args.since
    span = Span.of(since_s, args.until)
    if args.source == "stream":
        if args.files:
            raise ReaderError("--files holds objects; the stream is read at its endpoint")
        feed = Feed(stage.client("kinesis"), stage.names.stream, span, stage.clock, _shard_id(args.shard))
        for shard_id, record in feed.arrivals(follow=args.follow):
            yield from map(as_envelope, lines_of(record, shard_id))
        return
    if args.shard:
        raise ReaderError("--shard goes with the stream; elsewhere use --where shard_id=...")
    bucket, kind = stage.bucket(), kind_of(args.source, stage.settings.time_zone)
    looks: Iterable[Iterable[Object]] = [objects(bucket, kind, span)]
    if args.follow:
        looks = contents.follow(bucket, kind, span, stage.clock)
    for found in looks:
        lines = contents.within(kind, span, contents.lines_in(bucket, found))
        for line in lines:
            yield from contents.raw_rows(line) if kind.name == "raw" else (line.text,)


def _shard_id(text: str | None) -> str | None:
    return f"shardId-{int(text):012d}" if text and text.isdecimal() else text


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= sys.maxsize:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lines")
    return int(text)


class Condition(NamedTuple):
    """One field and the text it must have."""

    path: tuple[str, ...]
    value: str

    def holds(self, line: dict[str, Any]) -> bool:
        """Whether a line's field has the value; a field that is not there has none."""
        event = line.get("event")
        return any(_text(_at(root, self.path)) == self.value for root in (line, event))


def condition(text: str) -> Condition:
    """An argument of a command line."""
    field, equals, value = text.partition("=")
    if not equals or not field:
        raise argparse.ArgumentTypeError(f"{text!r} is not FIELD=VALUE, such as type=click or user.id=7")
    return Condition(tuple(field.split(".")), value)


def wanted(line: bytes, conditions: list[Condition]) -> bool:
    """Whether all conditions hold; nothing is parsed when there are none."""
    if not conditions:
        return True
    try:
        value = json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and all(each.holds(value) for each in conditions)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    return value


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
