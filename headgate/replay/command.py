"""`headgate replay`: counts, then sends a time range again; can be interrupted and goes on.

Decides what is replayed to where, and what a person is told meanwhile. Replaying twice is safe: the copies
have the ids of the first ones, and curated_dedup keeps the first.
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headgate.readers.ending import FOUND_NOTHING, describe, ended
from headgate.readers.errors import ReaderError
from headgate.readers.moments import moment, shown
from headgate.readers.putting import Put, open_sink
from headgate.readers.span import Span
from headgate.readers.stage import Stage, add_stage_arguments, open_stage
from headgate.replay.from_archive import ArchiveSource
from headgate.replay.from_failed import FailedSource
from headgate.replay.from_stream import StreamSource
from headgate.replay.plan import ReplayPlan, Source
from headgate.replay.state import FOLDER, ReplayState, send_all
from headgate.replay.transform_sink import open_transform
from headgate.settings import project_root
from headgate.terminal import Printer, counted

_EXAMPLES = """
replay --from 2026-10-01T05:00Z --to 2026-10-01T06:00Z --dry-run
replay --from 2h --transform-only
replay --from 2026-09-01 --to 2026-09-02 --source raw --to-stream headgate-test
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    describe(parser, _EXAMPLES, "nothing to replay, or stopped half way")
    add_stage_arguments(parser)
    parser.add_argument(
        "--from", dest="since", type=moment, required=True, metavar="TIME", help="arrived from here on"
    )
    parser.add_argument("--to", dest="until", type=moment, metavar="TIME", help="and before (default: now)")
    parser.add_argument(
        "--source",
        choices=("stream", "raw", "failed"),
        default="stream",
        help="the stream (default), raw-data/, or the batches that Lambda has given up",
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--to-stream", metavar="NAME", help="put them here (default: the stage's own stream)")
    target.add_argument(
        "--transform-only",
        action="store_true",
        help="run the transform of this folder on them, here; the stream is not touched",
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        metavar="N",
        help="records a second (default: half of what the shards take; never more than they take)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only count")
    parser.add_argument("--again", action="store_true", help="also when this very replay was done before")
    parser.add_argument(
        "--state",
        type=Path,
        default=project_root() / FOLDER,
        metavar="FOLDER",
        help=f"keep the progress here (default: {FOLDER})",
    )


def run(args: argparse.Namespace) -> int:
    """Replay; 1 when there was nothing, or it stopped half way."""
    return ended("replay", lambda: _replay(args, Printer()))


def _replay(args: argparse.Namespace, printer: Printer) -> int:
    with open_stage(args) as stage:
        now_s = stage.clock.wall()
        span = Span.of(args.since, min(now_s if args.until is None else args.until, now_s))
        target = "the transform" if args.transform_only else args.to_stream or stage.names.stream
        about = {"stage": args.stage, "source": args.source, "target": target}
        about |= {"place": stage.endpoint_url or "", "from": shown(span.from_s), "to": shown(span.to_s)}
        state = ReplayState(args.state, about)
        if state.done_at and not args.again and not args.dry_run:
            raise ReaderError(f"this replay was done at {state.done_at}; --again does it once more")
        # A target that is not there is said before anything is counted.
        put = None if args.dry_run else _sink(args, stage, target)
        source = _source(args, stage, span)
        plan = _planned(args, state, source, printer, about)
        if put is None or not plan.records:
            return 0 if plan.records else FOUND_NOTHING
        send_all(source, plan, put, state, _progress(state, plan, printer, stage))
        printer.wipe()
        state.finish(shown(stage.clock.wall()))
        printer.text(f"done: {counted(state.sent, 'record')} went to {target}; state in {state.path}")
    return 0


def _planned(
    args: argparse.Namespace, state: ReplayState, source: Source, printer: Printer, about: dict[str, Any]
) -> ReplayPlan:
    """The plan of an interrupted replay, or a new one."""
    if state.plan and not state.done_at and not args.dry_run:
        printer.note(f"going on after {state.sent:,} of {state.plan.records:,} records ({state.path})")
        return state.plan
    printer.progress("counting ...")
    plan = source.count()
    printer.wipe()
    # The archive does not say which lines were one record.
    records = "" if args.source == "raw" else f"{counted(plan.records, 'record')} with "
    if plan.copies:
        printer.note(f"{counted(plan.copies, 'copy')} of these records, of a replay or a retry, left out")
    printer.text(
        f"{records}{counted(plan.lines, 'line')}, {counted(plan.size_bytes, 'byte')}, "
        f"from {about['from']} to {about['to']}, to {about['target']}"
    )
    if not args.dry_run and plan.records:
        state.begin(plan)
        printer.note(
            f"after an interruption repeat the command with --from {about['from']} --to {about['to']}"
        )
    return plan


def _progress(state: ReplayState, plan: ReplayPlan, printer: Printer, stage: Stage) -> Callable[[], None]:
    """What draws the line on the terminal: done, rate, time left."""
    started_s, before = stage.clock.now(), state.sent

    def report() -> None:
        rate = (state.sent - before) / max(stage.clock.now() - started_s, 0.001)
        left_s = (plan.records - state.sent) / max(rate, 0.001)
        printer.progress(f"{state.sent:,} of {plan.records:,} records, {rate:,.0f}/s, {left_s:,.0f} s left")

    return report


def _source(args: argparse.Namespace, stage: Stage, span: Span) -> Source:
    if args.source == "raw":
        return ArchiveSource(stage.bucket(), stage.settings.time_zone, span)
    if args.source == "failed":
        return FailedSource(stage.bucket(), span)
    return StreamSource(stage.client("kinesis"), stage.names.stream, span, stage.clock)


def _sink(args: argparse.Namespace, stage: Stage, target: str) -> Put:
    if args.transform_only:
        return open_transform(stage).put
    kinesis, field = stage.client("kinesis"), stage.settings.ordering_field
    return open_sink(kinesis, target, args.rate, field, stage.clock).put


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records a second")
    return rate
