"""Puts lines of quarantine back on the stream, once: what the journal knows is left out.

Decides the order put, acknowledge, note. The lines come from quarantine/ as they are, or from a file that
`quarantine fix` has written.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import orjson

from chalicelib import jsontext
from headgate.quarantine.bad_lines import BadLine, bad_line
from headgate.quarantine.journal import Journal
from headgate.quarantine.mending import Mended
from headgate.readers.errors import ReaderError
from headgate.readers.moments import parse_shown, shown
from headgate.readers.putting import Put, Returning, returning
from headgate.readers.stage import Stage
from headgate.terminal import Printer, counted

_BATCH = 200  # lines between two notes in the journal


class Work(NamedTuple):
    """A bad line and what goes back in its place."""

    bad: BadLine
    mended: list[Mended]


def as_stored(line: BadLine) -> Work:
    """The line as it was sent: right when the reason was the hook's, which is mended now."""
    return Work(line, [Mended(line.fields["event_id"], line.text)])


def written(work: Work) -> bytes:
    """One line of the file between `fix` and `replay`: the quarantined line with `mended`."""
    mended = [{"event_id": each.event_id, "line": each.text.decode()} for each in work.mended]
    return work.bad.stored.rstrip().removesuffix(b"}") + b',"mended":' + orjson.dumps(mended) + b"}"


def read_file(path: Path) -> Iterator[Work]:
    """The lines of such a file, which a person may have edited. Raises ReaderError with the line's number."""
    try:
        rows = path.read_bytes().splitlines()
    except OSError as error:
        raise ReaderError(f"{path} cannot be read: {error.strerror}") from error
    for number, row in enumerate(rows, start=1):
        try:
            fields = jsontext.loads(row)
            mended = [Mended(str(each["event_id"]), each["line"].encode()) for each in fields["mended"]]
            bad = bad_line(row)
            _records(Work(bad, mended))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReaderError(f"{path}, line {number} is not from `quarantine fix`: {error!r}") from error
        yield Work(bad, mended)


def put_back(works: Iterable[Work], put: Put, journal: Journal, stage: Stage, printer: Printer) -> int:
    """Put back what is not back yet; how many bad lines went. Raises StoppedError.

    Copies of one event, which a replay has brought into quarantine again, go as one.
    """
    groups: dict[tuple[Mended, ...], list[Work]] = {}
    for work in works:
        if not journal.is_back(work.bad):
            groups.setdefault(tuple(work.mended), []).append(work)
    sent = 0
    for some in _batched(groups.values()):
        put([record for copies in some for record in _records(copies[0])])
        back = [work.bad for copies in some for work in copies]
        journal.note(back, shown(stage.clock.wall()))
        sent += len(back)
        printer.progress(f"{counted(sent, 'line')} back on the stream")
    printer.wipe()
    return sent


def _batched(groups: Iterable[list[Work]]) -> Iterator[list[list[Work]]]:
    left = iter(groups)
    while some := list(islice(left, _BATCH)):
        yield some


def _records(work: Work) -> list[Returning]:
    fields = work.bad.fields
    receipt = fields["shard_id"], fields["sequence_number"], parse_shown(fields["received_at"])
    return [returning(each.event_id, each.text, receipt) for each in work.mended]
