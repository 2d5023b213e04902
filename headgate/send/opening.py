"""Open the source that the options name, look through it, and tell the person about it. Called by run."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus

from headgate.contract.connection import NoAnswer
from headgate.contract.verdict import Hopeless, judge, judge_first
from headgate.send import bytestream
from headgate.send.errors import AbortError
from headgate.send.filesource import FileSource
from headgate.send.generate import GeneratedSource
from headgate.send.options import SendOptions
from headgate.send.rows import RowSource
from headgate.send.sender import probe
from headgate.terminal import Printer

# Looking through more than this takes long enough to ask the endpoint first.
PROBE_ABOVE_BYTES = 256 * 1024 * 1024


@contextmanager
def open_source(options: SendOptions, printer: Printer) -> Iterator[RowSource]:
    """Return the source of a run. Raises AbortError, UsageError."""
    source = _generated(options, printer) if options.path is None else _file(options, options.path)
    try:
        if isinstance(source, FileSource):
            _look_through(source, options, printer)
        yield source
    finally:
        source.close()


def _generated(options: SendOptions, printer: Printer) -> GeneratedSource:
    source = GeneratedSource(
        options.template or {},
        lambda: datetime.now(UTC),
        seed=options.seed,
        event_type=options.dialect.event_type,
        key=options.key,
    )
    printer.note(f"made-up events; --seed {source.seed} makes them again")
    return source


def _file(options: SendOptions, path: str) -> FileSource:
    raw = bytestream.standard_input() if path == "-" else bytestream.open_path(path)
    name = "standard input" if path == "-" else path
    source = FileSource(
        name, raw, options.dialect, form=options.form, encoding=options.encoding, key=options.key
    )
    if source.repeatable or options.resume is False:
        return source
    source.close()
    raise AbortError(f"--resume needs a file that can be read again, and {name} is not one")


def _look_through(source: FileSource, options: SendOptions, printer: Printer) -> None:
    if source.size_bytes > PROBE_ABOVE_BYTES and not options.dry_run:
        printer.note(f"asking {options.target.shown} before the whole file is looked through")
        _ask_first(options)
    source.scan(lambda: printer.progress(lambda width: _scanning(source)[:width]))
    printer.note(f"{source.name}: {source.form.upper()}, {source.choice.encoding} ({source.choice.why})")
    if source.hint:
        printer.note(f"{source.name}: {source.hint}")


def _scanning(source: FileSource) -> str:
    return f"looking through the file: {source.looked_through():.0%}"


def _ask_first(options: SendOptions) -> None:
    answer = probe(options)
    if isinstance(answer, NoAnswer) and not answer.connected:
        raise AbortError(answer.message)
    verdict = judge_first(answer, judge(answer, 0, checking=True))
    if isinstance(verdict, Hopeless) and not isinstance(answer, NoAnswer) and answer.status != HTTPStatus.OK:
        raise AbortError(verdict.message)
