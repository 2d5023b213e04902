"""Turn the command line into SendOptions; every mistake in it is reported at once. Called by command."""

import argparse
import math
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from chalicelib import limits
from headgate.contract.url import Target, header_problem, parse_url
from headgate.send import celltypes, encoding
from headgate.send.batches import BatchLimits
from headgate.send.csvrows import Dialect
from headgate.send.errors import UsageError
from headgate.send.generate import read_template
from headgate.send.options import SendOptions

GENERATED_EVENTS = 1_000  # when neither --limit nor --loop says how many
CONCURRENCY_MAX = 64
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:/s)?")
_NOT_TEXT = {
    "unicode-escape",
    "raw-unicode-escape",
    "utf-7",
    "idna",
    "punycode",
}  # can give half surrogate pairs
_NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "space": " "}
T = TypeVar("T")


class _Checks:
    """Collects mistakes."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def need(self, holds: object, problem: str) -> None:
        if not holds:
            self.problems.append(problem)

    def take(self, make: Callable[[], T], otherwise: T, flag: str) -> T:
        try:
            return make()
        except UsageError as error:
            self.problems.extend(error.problems)
        except ValueError as error:
            self.problems.append(f"{flag}: {error}")
        except LookupError:
            self.problems.append(f"{flag}: Python knows no text encoding of that name")
        except OSError as error:
            self.problems.append(f"{flag}: cannot read {error.filename}: {error.strerror}")
        return otherwise


def from_arguments(args: argparse.Namespace) -> SendOptions:
    """Raises UsageError with every mistake in it."""
    checks = _Checks()
    options = SendOptions(
        path=args.file,
        template=checks.take(lambda: _template(args.generate), None, "--generate"),
        target=_target(args, checks),
        dialect=_dialect(args, checks),
        form=args.format,
        encoding=checks.take(lambda: _encoding(args.encoding), None, "--encoding"),
        limits=_limits(args),
        concurrency=args.concurrency,
        rate_per_s=checks.take(lambda: _rate(args.rate), math.inf, "--rate"),
        limit=_limit(args),
        passes=args.loop,
        key=args.id,
        seed=args.seed,
        check=args.check,
        dry_run=args.dry_run,
        resume=args.resume,
        rejects_path=_rejects_path(args),
        timeout_s=args.timeout,
        retry_for_s=args.retry_for,
    )
    _hold_together(args, checks)
    if checks.problems:
        raise UsageError(checks.problems)
    return options


def _hold_together(args: argparse.Namespace, checks: _Checks) -> None:
    need = checks.need
    most = min(args.batch_events, limits.EVENTS_MAX), min(args.batch_bytes, limits.BODY_MAX_BYTES)
    need(1 <= args.batch_events == most[0], f"--batch-events must be 1 to {limits.EVENTS_MAX}")
    need(1 <= args.batch_bytes == most[1], f"--batch-bytes must be 1 to {limits.BODY_MAX_BYTES}")
    need(1 <= args.concurrency <= CONCURRENCY_MAX, f"--concurrency must be 1 to {CONCURRENCY_MAX}")
    need(args.limit is None or args.limit >= 0, "--limit must not be negative")
    need(args.loop >= 1, "--loop must be at least 1")
    need(0 < args.timeout < math.inf, "--timeout must be more than 0 seconds")
    need(args.retry_for >= 0, "--retry-for must not be negative")
    need(args.id is None or _KEY.fullmatch(args.id), "--id must be 1 to 100 of letters, digits and . _ : -")
    need(args.skip_lines >= 0, "--skip-lines must not be negative")
    need(args.skip_lines == 0 or args.generate is None, "--skip-lines is for a file")
    need(args.max_cell_chars >= 1, "--max-cell-chars must be at least 1")
    need(args.header_row or args.fields, "--no-header needs --fields with the names of the columns")
    need(not (args.loop > 1 and args.file == "-"), "--loop cannot read standard input twice")
    same = args.file and args.rejects and Path(args.rejects).resolve() == Path(args.file).resolve()
    need(not same, "--rejects must not be the file itself")
    need(args.seed is None or args.generate is not None, "--seed is for --generate; a file is as it is")
    need(args.fields != "", "--fields names no column")
    need(args.rejects != "", "--rejects names no file")
    if args.resume:
        need(args.file not in (None, "-"), "--resume needs a file (-f)")
        need(args.loop == 1, "--resume does not go with --loop")
        need(not args.check, "--resume does not go with --check")
    if args.format in {"ndjson", "json"} or args.generate is not None:
        only_csv = args.types or args.fields or args.delimiter is not None or args.quote != '"'
        need(not only_csv, "--types, --fields, --delimiter and --quote are for CSV and TSV")


def _template(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    return read_template(
        text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8-sig")
    )


def _target(args: argparse.Namespace, checks: _Checks) -> Target:
    none = ("", "")
    nowhere = Target(tls=False, host="", port=None, path="/")
    target = checks.take(lambda: parse_url(args.url), nowhere, "-u URL")
    headers = [checks.take(partial(_header, text), none, "--header") for text in args.header]
    if args.api_key is not None:
        headers.append(checks.take(lambda: _api_key(args.api_key), none, "--api-key"))
    return replace(target, headers=tuple(headers))


def _header(text: str) -> tuple[str, str]:
    """`Name: value`. Raises ValueError with a sentence that does not repeat the value."""
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon:
        raise ValueError("it must be of the form 'Name: value'")
    if problem := header_problem(name, value):
        raise ValueError(problem)
    return name, value


def _api_key(text: str) -> tuple[str, str]:
    """Return the header of a key, given itself or as `@FILE`: other users can see a command line."""
    key = Path(text[1:]).read_text(encoding="utf-8").strip() if text.startswith("@") else text
    if not key.strip():
        raise ValueError("the key is empty")
    return _header(f"x-api-key: {key}")


def _dialect(args: argparse.Namespace, checks: _Checks) -> Dialect:
    delimiter = "" if args.delimiter is None else _NAMED_DELIMITERS.get(args.delimiter, args.delimiter)
    quote = None if args.quote == "none" else args.quote
    checks.need(
        args.delimiter is None or _one_character(delimiter),
        "--delimiter must be one character, or tab, or space",
    )
    checks.need(quote is None or _one_character(quote), "--quote must be one character, or none")
    checks.need(delimiter != quote, "--delimiter and --quote must differ")
    fields = tuple(args.fields.split(",")) if args.fields else None
    for text in (args.type, args.fields):
        checks.need(text is None or _encodes(text), "the names of columns and types must be text")
    too_long = args.type is not None and len(args.type) > limits.TYPE_MAX_CHARS
    checks.need(not too_long, f"--type must have at most {limits.TYPE_MAX_CHARS} characters")
    none: dict[str, str] = {}
    kinds = checks.take(lambda: celltypes.parse(args.types), none, "--types")
    return Dialect(
        delimiter,
        quote,
        args.header_row,
        fields,
        args.max_cell_chars,
        args.type,
        tuple(sorted(kinds.items())),
        args.skip_lines,
    )


def _one_character(text: str) -> bool:
    return len(text) == 1 and text not in "\r\n\0"


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encoding(name: str | None) -> str | None:
    if name is None:
        return None
    found = encoding.normal_name(name)
    if found.replace("_", "-") in _NOT_TEXT:
        raise LookupError(name)
    return "utf-8" if found == "utf-8-sig" else found


def _limits(args: argparse.Namespace) -> BatchLimits:
    """Return the limits; with a slow --rate, batches of made-up events hold about a second of it."""
    events = 1 if args.one_by_one else args.batch_events
    rate = _RATE.fullmatch(args.rate or "")
    if rate and args.generate is not None and args.id is None:
        events = max(1, min(events, int(float(rate[1]))))
    return BatchLimits(events, args.batch_bytes, single=args.one_by_one)


def _rate(text: str | None) -> float:
    if text is None:
        return math.inf
    match = _RATE.fullmatch(text)
    if match is None or not float(match[1]):
        raise ValueError("it must be events a second: 100 or 100/s")
    return float(match[1])


def _limit(args: argparse.Namespace) -> int | None:
    if args.generate is not None and args.limit is None and args.loop == 1:
        return GENERATED_EVENTS
    return args.limit if args.limit is None else int(args.limit)


def _rejects_path(args: argparse.Namespace) -> Path:
    if args.rejects:
        return Path(args.rejects)
    names = {None: "generated", "-": "stdin"}
    return Path(f"{names.get(args.file, args.file)}.rejected.ndjson")
