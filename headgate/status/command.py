"""`headgate status`: accepted, archived, curated, quarantined, dropped, and whether the sums agree.

Decides the time range and when a line is late. Reads all lines of the range, so a long one takes its time.
"""

import argparse

from headgate.readers.ending import FOUND_NOTHING, describe, ended
from headgate.readers.errors import ReaderError
from headgate.readers.moments import add_zone_argument, moment
from headgate.readers.span import Span
from headgate.readers.stage import Stage, add_stage_arguments, open_stage
from headgate.settings import StageSettings
from headgate.status.gather import Gather
from headgate.status.ledger import Late, add_up
from headgate.status.screen import Screen, as_json, draw
from headgate.terminal import Printer

_DEFAULT_S = 900.0
_WATCH_S = 2.0
# Between a buffer's end and an object that can be listed: the put itself, retries of a busy service.
_SLACK_S = 120.0
_EXAMPLES = """
status --watch
status --stage prod --since 2026-10-01T05:00Z --until 2026-10-01T06:00Z
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    describe(parser, _EXAMPLES, "lines are missing")
    add_stage_arguments(parser)
    parser.add_argument("--since", type=moment, metavar="TIME", help="from here on (default: 15m)")
    parser.add_argument("--until", type=moment, metavar="TIME", help="up to here (default: now)")
    add_zone_argument(parser)
    parser.add_argument(
        "--watch", action="store_true", help="look again every two seconds; the range moves along"
    )


def run(args: argparse.Namespace) -> int:
    """Show the ledger; 1 when a line is missing."""
    return ended("status", lambda: _status(args, Printer()))


def _status(args: argparse.Namespace, printer: Printer) -> int:
    if args.watch and args.until is not None:
        raise ReaderError("--watch looks at what is now; leave --until out")
    with open_stage(args) as stage:
        started_s = stage.clock.wall()
        since_s = started_s - _DEFAULT_S if args.since is None else args.since
        gather = Gather(stage, stage.bucket())
        while True:
            now_s = stage.clock.wall()
            moved_s = now_s - started_s if args.watch else 0.0
            span = Span.of(since_s + moved_s, now_s if args.until is None else args.until)
            balance = _show(args, stage, gather, span, printer)
            if not args.watch:
                return FOUND_NOTHING if balance else 0
            stage.clock.sleep(_WATCH_S)


def _show(args: argparse.Namespace, stage: Stage, gather: Gather, span: Span, printer: Printer) -> int:
    gather.look(span)
    figures = add_up(gather.accepted, gather.held(), stage.clock.wall(), late_of(stage.settings))
    screen = Screen(
        args.stage,
        span,
        figures,
        gather.accepted,
        gather.error_objects(span),
        gather.foreign.total(),
        args.zone,
    )
    if printer.is_terminal:
        if args.watch:
            printer.clear()
        draw(screen, printer)
    else:
        printer.data(as_json(screen))
    printer.flush()
    return figures.balance


def late_of(settings: StageSettings) -> Late:
    """When a line is late: everything on its way has had its longest buffer, and some slack."""
    archive_s = settings.raw.interval_s + _SLACK_S
    return Late(archive_s, settings.mapping.window_s + settings.curated.interval_s + _SLACK_S)
