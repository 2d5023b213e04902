"""The ids of the archive's lines, which the archive itself does not hold: found again by their bytes.

Decides which curated or quarantined line an archived one has become. Each copy of an event is given out once,
the oldest first, so that n identical lines get their n ids. Kept in a temporary file: a day has millions.
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
from headgate.readers.lines import content_of, fields_of
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


class KnownIds:
    """Ids by the bytes of their lines; `with` removes the file."""

    def __init__(self) -> None:
        with ExitStack() as opened:  # a full disk leaves nothing behind
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="headgate-replay-"))
            db = sqlite3.connect(Path(folder) / "ids.sqlite", isolation_level=None)
            self._db = opened.enter_context(closing(db))
            self._db.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_SCHEMA} BEGIN;")
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def learn(self, lines: Iterable[Found]) -> None:
        """Take in lines of curated/ or quarantine/; a line that is there twice counts once."""
        self._db.executemany(_ADD, (_row(found.text) for found in lines))

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


def _row(line: bytes) -> tuple[Any, ...]:
    fields = fields_of(line)
    names = ("event_id", "sequence_number", "shard_id", "received_at")
    return (*(fields[name] for name in names), _digest(content_of(line)))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
