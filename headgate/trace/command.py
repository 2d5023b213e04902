"""`headgate trace`: where an event is now, with the time of each hop.

Decides what a person is told. finding.py does the looking.
"""

import argparse
from datetime import tzinfo
from typing import Any

import orjson

from headgate.readers.bucket import Bucket
from headgate.readers.ending import FOUND_NOTHING, describe, ended
from headgate.readers.moments import add_zone_argument, for_people, moment, shown
from headgate.readers.span import Span
from headgate.readers.stage import Stage, add_stage_arguments, open_stage
from headgate.terminal import DIM, GREEN, RED, YELLOW, Printer, printable
from headgate.trace.finding import End, archived, copies, ends, object_name
from headgate.trace.query import Copy, Hop, Query

_DAY_S = 86_400.0
_BEFORE_S = 300.0  # the clock that wrote an id is not Kinesis'
_COLOURS = {"stream": GREEN, "raw": GREEN, "curated": GREEN, "quarantine": RED, "dropped": YELLOW}
_TOLD = ("code", "message", "pointer", "reason")  # of an end
_EXAMPLES = """
trace 49680417273948394464812190097857467566557784857594822658
trace 1-6b010ebb-592e60c3b70f48daa7ef3f9e --stage prod
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    describe(parser, _EXAMPLES, "found nowhere")
    parser.add_argument(
        "what", type=_text, metavar="ID", help="a SequenceNumber of a receipt, or an event id"
    )
    add_stage_arguments(parser)
    add_zone_argument(parser)
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="look from here on (default: the time in the id, else 24 hours ago)",
    )


def _text(given: str) -> str:
    if not given.isascii() and given.encode("utf-8", "replace").decode() != given:
        raise argparse.ArgumentTypeError("an id is UTF-8")
    return given


def run(args: argparse.Namespace) -> int:
    """Print every hop of every copy; 1 when the event is nowhere."""
    return ended("trace", lambda: _trace(args, Printer()))


def _trace(args: argparse.Namespace, printer: Printer) -> int:
    query = Query(args.what)
    with open_stage(args) as stage:
        span = Span(_since_s(args.since, query, stage), float("inf"))
        bucket = stage.bucket()
        found = ends(query, stage, bucket, span, printer.progress)
        held = copies(query, stage, found, span, printer.progress)
        printer.wipe()
        for copy in held:
            own = [end for end in found if end.receipt == (copy.sequence_number, copy.event_id)]
            for hop in _hops(copy, own, stage, bucket):
                _print(hop, copy, printer, args.zone)
    if not held:
        printer.note(f"{args.what} is nowhere since {shown(span.from_s)}; an older event needs --since")
    return 0 if held else FOUND_NOTHING


def _since_s(given_s: float | None, query: Query, stage: Stage) -> float:
    if given_s is not None:
        return given_s
    return stage.clock.wall() - _DAY_S if query.made_s is None else query.made_s - _BEFORE_S


def _hops(copy: Copy, own: list[End], stage: Stage, bucket: Bucket) -> list[Hop]:
    details: dict[str, Any]
    place = {"shard_id": copy.shard_id, "sequence_number": copy.sequence_number}
    if copy.record:
        details = {**place, "partition_key": copy.record.partition_key, "line_number": copy.number}
        hops = [Hop("stream", copy.arrival_s, details)]
    else:
        hops = [Hop("stream", copy.arrival_s, {**place, "note": "no longer on the stream"})]
    hops.append(archived(copy, stage, bucket) or Hop("raw", None, {"note": "not in an object yet"}))
    for end in own:
        details = {"object": object_name(bucket, end.found.object), "line_number": end.found.number}
        details |= {
            name: end.fields[name] for name in ("code", "message", "pointer", "reason") if name in end.fields
        }
        hops.append(Hop(end.kind, end.found.object.modified_s, details))
    if not own:
        is_blank = copy.text is not None and not copy.text.strip()
        note = "a blank line is no event" if is_blank else "not in an object yet"
        hops.append(Hop("dropped" if is_blank else "curated", None, {"note": note}))
    return hops


def _print(hop: Hop, copy: Copy, printer: Printer, zone: tzinfo | None) -> None:
    if not printer.is_terminal:
        time = {"time": None if hop.time_s is None else shown(hop.time_s)}
        printer.data(orjson.dumps({"event_id": copy.event_id, "hop": hop.place, **time, **hop.details}))
        return
    if hop.place == "stream":
        printer.text(printable(copy.event_id))
    time_text = for_people(hop.time_s, zone) if hop.time_s is not None else "-"
    after = f" (+{hop.time_s - copy.arrival_s:.1f} s)" if hop.time_s and hop.place != "stream" else ""
    colour = _COLOURS.get(hop.place, YELLOW) if hop.time_s is not None else YELLOW
    details = "  ".join(f"{printer.paint(name, DIM)} {printable(str(v))}" for name, v in hop.details.items())
    printer.text(f"  {printer.paint(hop.place.ljust(10), colour)}  {time_text}{after}  {details}")
