"""What a replay has to remember of millions of lines, in temporary files.

KnownIds finds the ids of the archive's lines, which the archive itself does not hold, by their bytes. It
gives each copy of an event out once, the oldest first, so that n identical lines get their n ids. Taken tells
the first copy of a record from the others.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from headgate.readers.contents import Found
from headgate.readers.lines import content_of, stored_fields
from headgate.readers.moments import parse_shown
from headgate.readers.putting import Returning, returning

_DIGEST_BYTES = 16
_SCHEMA = """
CREATE TABLE ids (
    event_id TEXT NOT NULL, sequence_number TEXT NOT NULL, shard_id TEXT NOT NULL, received_at TEXT NOT NULL,
    digest BLOB NOT NULL, PRIMARY KEY (event_id, sequence_number)
) WITHOUT ROWID;
CREATE INDEX by_digest ON ids (digest, received_at, length(sequence_number), sequence_number, event_id);
"""
_ADD = "INSERT OR IGNORE INTO ids VALUES (?, ?, ?, ?, ?)"
_FIRST = """SELECT event_id, shard_id, sequence_number, received_at FROM ids WHERE digest = ?
ORDER BY received_at, length(sequence_number), sequence_number, event_id LIMIT 1"""
_TAKE = "DELETE FROM ids WHERE event_id = ? AND sequence_number = ?"


class _Scratch:
    """A temporary database; `with` removes its file."""

    def __init__(self, schema: str) -> None:
        with ExitStack() as opened:  # a full disk leaves nothing behind
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="headgate-replay-"))
            db = sqlite3.connect(Path(folder) / "ids.sqlite", isolation_level=None)
            self._db = opened.enter_context(closing(db))
            self._db.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {schema} BEGIN;")
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()


class Taken(_Scratch):
    """The records that a replay has met; a copy has the same event id and the same bytes."""

    def __init__(self) -> None:
        super().__init__("CREATE TABLE taken (digest BLOB PRIMARY KEY) WITHOUT ROWID;")

    def is_new(self, event_id: str, data: bytes) -> bool:
        """Return whether this is the first record with this id and these bytes, and remember it."""
        digest = hashlib.blake2b(data, digest_size=_DIGEST_BYTES, key=_digest(event_id.encode())).digest()
        return self._db.execute("INSERT OR IGNORE INTO taken VALUES (?)", (digest,)).rowcount == 1


class KnownIds(_Scratch):
    """Ids by the bytes of their lines."""

    def __init__(self) -> None:
        super().__init__(_SCHEMA)

    def learn(self, lines: Iterable[Found]) -> None:
        """Take in lines of curated/ or quarantine/; a line that is there twice counts once."""
        self._db.executemany(_ADD, (row for found in lines if (row := _row(found.text))))

    def take(self, content: bytes, line: bytes) -> Returning | None:
        """The record that brings an archived line back under its id; None when no id is known.

        `content` is what the line becomes in curated/, or the line itself where it becomes nothing.
        """
        row: tuple[str, str, str, str] | None = self._db.execute(_FIRST, (_digest(content),)).fetchone()
        if row is None:
            return None
        event_id, shard_id, sequence_number, received_at = row
        self._db.execute(_TAKE, (event_id, sequence_number))
        return returning(event_id, line, (shard_id, sequence_number, parse_shown(received_at)))


def _row(line: bytes) -> tuple[Any, ...] | None:
    fields = stored_fields(line)
    if fields is None:  # somebody else's line
        return None
    names = ("event_id", "sequence_number", "shard_id", "received_at")
    return (*(fields[name] for name in names), _digest(content_of(line)))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
