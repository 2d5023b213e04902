"""`headgate send`: the flags, and the exit code of every error that a person can cause."""

import argparse
import math
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from chalicelib import limits
from headgate.send import celltypes
from headgate.send import run as runs
from headgate.send.arguments import from_arguments
from headgate.send.batches import BATCH_MAX_BYTES
from headgate.send.csvrows import CELL_MAX_CHARS
from headgate.send.errors import AbortError, UsageError
from headgate.send.generate import MAKERS
from headgate.terminal import Printer

WRONG_USAGE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = "Send the rows of a file to a Headgate endpoint, in batches, each row an event."
    parser.epilog = _epilog()
    _add_source(parser.add_argument_group("what to send"))
    _add_reading(parser.add_argument_group("how to read it"))
    _add_sending(parser.add_argument_group("how to send it"))
    _add_modes(parser.add_argument_group("other ways to run"))


def run(args: argparse.Namespace) -> int:
    """Return the exit code: 0 everything accepted, 3 some rows rejected, 1 ended early, 2 wrong usage."""
    try:
        printer = Printer()
    except OSError as error:
        print(f"headgate send: {error.filename}: {error.strerror}", file=sys.stderr)
        return WRONG_USAGE
    try:
        with _term_is_interrupt():
            return runs.run(from_arguments(args), printer)
    except UsageError as error:
        for problem in error.problems:
            printer.note(f"headgate send: {problem}")
        return WRONG_USAGE
    except AbortError as error:
        printer.note(f"headgate send: {error}")
    except KeyboardInterrupt:
        printer.note("headgate send: stopped")
    except BrokenPipeError:
        sys.stdout = None  # or Python flushes into the closed pipe once more
    return runs.ABORTED


def _add_source(group: "argparse._ArgumentGroup") -> None:
    which = group.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "-f", "--file", metavar="FILE", help="CSV, TSV, NDJSON or JSON, also gzipped; - is stdin"
    )
    which.add_argument(
        "--generate", metavar="TEMPLATE", help="make events up: a JSON object, or a file of one"
    )
    group.add_argument("-u", "--url", required=True, metavar="URL", help="the endpoint: https://…/prod/v1")
    group.add_argument("--type", metavar="NAME", help="set the field `type` of every event")
    group.add_argument("--limit", type=int, metavar="N", help="at most so many rows")
    group.add_argument(
        "--loop",
        nargs="?",
        type=int,
        const=math.inf,
        default=1,
        metavar="TIMES",
        help="send it so many times; without a number until Ctrl-C or --limit",
    )
    group.add_argument("--seed", metavar="TEXT", help="with --generate: make the same values again")


def _add_reading(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--format", choices=["csv", "tsv", "ndjson", "json"], help="default: by its name or look"
    )
    group.add_argument("--encoding", metavar="NAME", help="default: found out from all of it, and said")
    group.add_argument(
        "--delimiter", metavar="C", help="default: a comma, tab for TSV, or another where that is certain"
    )
    group.add_argument(
        "--skip-lines", type=int, default=0, metavar="N", help="lines in front of the header or the JSON"
    )
    group.add_argument("--quote", default='"', metavar="C", help='default: "; none: quotes are plain text')
    group.add_argument("--no-header", dest="header_row", action="store_false", help="the first row is data")
    group.add_argument("--fields", metavar="A,B,C", help="names of the columns, in place of the header's")
    group.add_argument(
        "--types",
        action="append",
        default=[],
        metavar="COL=TYPE,…",
        help="default: all are strings; see below",
    )
    group.add_argument(
        "--max-cell-chars",
        type=int,
        default=CELL_MAX_CHARS,
        metavar="N",
        help="a row with a longer cell is rejected (default: %(default)s)",
    )


def _add_sending(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    add("--one-by-one", action="store_true", help="one event per request")
    add("--batch-events", type=int, default=limits.EVENTS_MAX, metavar="N", help="default: %(default)s")
    add("--batch-bytes", type=int, default=BATCH_MAX_BYTES, metavar="N", help="default: %(default)s")
    add(
        "--concurrency",
        type=int,
        default=4,
        metavar="N",
        help="requests at a time (default: %(default)s)",
    )
    add("--rate", metavar="N", help="at most so many events a second")
    add("--header", action="append", default=[], metavar="'NAME: VALUE'", help="may be given more than once")
    add("--api-key", metavar="KEY", help="sent as x-api-key; @FILE reads it from a file")
    add("--timeout", type=float, default=35.0, metavar="S", help="for one answer (default: %(default)s)")
    add(
        "--retry-for",
        type=float,
        default=300.0,
        metavar="S",
        help="wait so long in all for one batch before the run ends (default: %(default)s)",
    )
    add("--id", metavar="TEXT", help="begin the Idempotency-Keys so, not with the content's fingerprint")
    add("--rejects", metavar="PATH", help="default: FILE.rejected.ndjson")


def _add_modes(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--resume", action="store_true", help="go on after the last acknowledged row")
    group.add_argument("--check", action="store_true", help="let the endpoint check all and write nothing")
    group.add_argument("--dry-run", action="store_true", help="print the first requests and send nothing")


def _epilog() -> str:
    kinds = "\n".join(f"  {name:<14} {text}" for name, text in celltypes.KINDS.items())
    makers = "\n".join(f"  {name:<14} {text}" for name, text in MAKERS.items())
    return (
        f"types (a ? after the name makes an empty cell null: int?, time?:%Y):\n{kinds}\n\n"
        f'values of a template, as {{"$int": [1, 6]}}:\n{makers}\n\n'
        "exit code: 0 everything accepted, 3 some rows rejected, 1 ended early (also Ctrl-C), 2 wrong usage"
    )


@contextmanager
def _term_is_interrupt() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
