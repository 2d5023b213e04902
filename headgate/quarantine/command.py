"""`headgate quarantine ls|show|fix|replay`: from a code and a number to lines that are back on the stream.

Decides what each subcommand prints. The work is in the files beside this one.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from headgate.quarantine.bad_lines import BadLine, add_filters, bad_lines
from headgate.quarantine.groups import by_code, print_groups
from headgate.quarantine.journal import Journal
from headgate.quarantine.mending import (
    Mend,
    NotMendedError,
    by_edits,
    by_script,
    by_taking_apart,
    removal,
    setting,
    still_bad,
)
from headgate.quarantine.returning import Work, as_stored, put_back, read_file, written
from headgate.readers.ending import FOUND_NOTHING, describe, ended
from headgate.readers.errors import ReaderError
from headgate.readers.line_view import show
from headgate.readers.moments import add_zone_argument
from headgate.readers.putting import open_sink
from headgate.readers.stage import Stage, add_files_argument, add_stage_arguments, open_stage
from headgate.terminal import Printer, counted

_NOTHING = "no line found in quarantine"
_ONE = "no such line, or not all mended"
_EXAMPLES = """
quarantine ls
quarantine show --code TypeTooLong
quarantine fix --code TypeTooLong --set /type=click --output mended.ndjson
quarantine replay --file mended.ndjson
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    describe(parser, _EXAMPLES, _ONE)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for (name, summary, declare), example in zip(
        (
            ("ls", "how many lines, by code", _declare_ls),
            ("show", "the lines with their reasons", _declare_show),
            ("fix", "mended lines into a file, checked as the transform checks them", _declare_fix),
            ("replay", "put lines back on the stream under their event ids, once", _declare_replay),
        ),
        _EXAMPLES.strip().splitlines(),
        strict=True,
    ):
        sub = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        describe(sub, example, _ONE)
        add_stage_arguments(sub)
        add_filters(sub)
        declare(sub)


def run(args: argparse.Namespace) -> int:
    """Do one of them."""
    actions: dict[str, Callable[[argparse.Namespace, Stage, Printer], int]] = {
        "ls": _ls,
        "show": _show,
        "fix": _fix,
        "replay": _replay,
    }

    def work() -> int:
        with open_stage(args) as stage:
            return actions[args.action](args, stage, Printer())

    return ended(f"quarantine {args.action}", work)


def _ls(args: argparse.Namespace, stage: Stage, printer: Printer) -> int:
    bucket = stage.bucket()
    groups = by_code(bad_lines(bucket, args), Journal(bucket))
    if groups:
        print_groups(groups, printer)
    else:
        printer.note(_NOTHING)
    return 0 if groups else FOUND_NOTHING


def _show(args: argparse.Namespace, stage: Stage, printer: Printer) -> int:
    number = 0
    for number, line in enumerate(bad_lines(stage.bucket(), args), start=1):
        if printer.is_terminal:
            printer.text(show(line.stored, printer, args.zone))
        else:
            printer.data(line.stored)
        if number == args.limit:
            break
    if not number:
        printer.note(_NOTHING)
    return 0 if number else FOUND_NOTHING


def _fix(args: argparse.Namespace, stage: Stage, printer: Printer) -> int:
    mend = _mend(args)
    good = bad = 0
    with args.output.open("wb") as file:
        for line in bad_lines(stage.bucket(), args):
            try:
                work = _mended(line, mend)
            except NotMendedError as error:
                bad += 1
                printer.note(f"not mended: {line.fields['event_id']}: {error}")
            else:
                good += 1
                file.write(written(work) + b"\n")
    printer.text(f"{counted(good, 'line')} mended, in {args.output}; {bad:,} not")
    if good:
        printer.text(f"put them back: headgate quarantine replay --file {args.output}")
    return 0 if good and not bad else FOUND_NOTHING


def _mended(line: BadLine, mend: Mend) -> Work:
    """A line that the transform would take now. Raises NotMendedError."""
    mended = mend(line)
    for each in mended:
        if reason := still_bad(each):
            raise NotMendedError(reason)
    return Work(line, mended)


def _mend(args: argparse.Namespace) -> Mend:
    if args.script:
        return by_script(args.script)
    if args.take_apart:
        return by_taking_apart
    edits = [*args.set, *args.remove]
    if not edits:
        raise ReaderError("say how: --set POINTER=VALUE, --remove POINTER, --script FILE or --take-apart")
    return by_edits(edits)


def _replay(args: argparse.Namespace, stage: Stage, printer: Printer) -> int:
    bucket = stage.bucket()
    journal = Journal(bucket)
    works = list(read_file(args.file) if args.file else map(as_stored, bad_lines(bucket, args)))
    new = sum(not journal.is_back(work.bad) for work in works)
    printer.text(f"{counted(new, 'line')} to put back; {len(works) - new:,} back already")
    if args.dry_run or not new:
        return 0 if works else FOUND_NOTHING
    kinesis, field = stage.client("kinesis"), stage.settings.ordering_field
    sink = open_sink(kinesis, stage.names.stream, args.rate, field, stage.clock)
    sent = put_back(works, sink.put, journal, stage, printer)
    printer.text(f"done: {counted(sent, 'line')} back on {stage.names.stream}")
    return 0


def _declare_ls(parser: argparse.ArgumentParser) -> None:
    add_files_argument(parser)


def _declare_show(parser: argparse.ArgumentParser) -> None:
    add_files_argument(parser)
    add_zone_argument(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="end after so many lines")


def _declare_fix(parser: argparse.ArgumentParser) -> None:
    add_files_argument(parser)
    parser.add_argument(
        "--set", type=setting, action="append", default=[], metavar="POINTER=VALUE", help="set a field"
    )
    parser.add_argument(
        "--remove", type=removal, action="append", default=[], metavar="POINTER", help="take a field away"
    )
    parser.add_argument(
        "--script", type=Path, metavar="FILE", help="Python with fix(line: bytes, reason: dict): the new line"
    )
    parser.add_argument("--take-apart", action="store_true", help="an aggregated record into its lines")
    parser.add_argument(
        "--output", type=Path, default=Path("mended.ndjson"), metavar="FILE", help="default: mended.ndjson"
    )


def _declare_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file",
        type=Path,
        help="what `fix` wrote (default: the lines as they were sent, once the hook is mended)",
    )
    parser.add_argument("--rate", type=float, metavar="N", help="records a second (default: half the limit)")
    parser.add_argument("--dry-run", action="store_true", help="only count")
