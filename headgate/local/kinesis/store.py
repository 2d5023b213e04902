"""The one SQLite file of the local Kinesis: stream documents and records.

Decides how both lie on disk. A record's id is its shard's number and its position in one integer, so a shard
is one range of the primary key, appended at its end, and no other index is needed. Never keeps a record in
memory; never knows what a stream document means.

One writer: the caller holds the state's lock around everything but `read`, which takes a connection of its
own and sees every committed record. A commit is in the operating system's hands before it is acknowledged, so
it survives the death of this process (database.py).
"""

import fcntl
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import orjson

from headgate.local.database import connect, open_database, unusable
from headgate.local.errors import LocalError

_FORM = 1  # PRAGMA user_version; another one was written by another version of this file
_POSITION_BITS = 40
_POSITIONS = (1 << _POSITION_BITS) - 1
_IDLE_READERS = 4
_REMEDY = (
    "move it away and start again. Its records that are not in S3 are lost; the transform and the archive"
    " begin with the new stream."
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS streams (name TEXT PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counter (next_shard INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS records (
  id INTEGER PRIMARY KEY, arrival_ms INTEGER NOT NULL, partition_key TEXT NOT NULL, data BLOB NOT NULL);
"""
_INSERT = "INSERT INTO records VALUES (?, ?, ?, ?)"
_READ = "SELECT id, arrival_ms, partition_key, data FROM records WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?"


class StoredRecord(NamedTuple):
    """One record: id (see `row_id`), arrival (epoch milliseconds), partition key, data."""

    id: int
    arrival_ms: int
    partition_key: str
    data: bytes


def row_id(shard: int, position: int) -> int:
    """Return the id of the record at `position` of the shard with that number."""
    return shard << _POSITION_BITS | position


def position_of(record_id: int) -> int:
    """Return the position in its shard of the record with that id."""
    return record_id & _POSITIONS


class RecordStore:
    """The open file. Raises LocalError when it is damaged, of another version, or in use elsewhere."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = self._locked()
        self._idle: deque[sqlite3.Connection] = deque()
        self._writer: sqlite3.Connection | None = None
        try:
            self._db = self._writer = open_database(path, _SCHEMA, _FORM, _REMEDY)
        except LocalError:
            self.close()
            raise

    def damage(self, error: Exception) -> LocalError:
        """Return the sentence for a file whose contents make no sense."""
        return unusable(self._path, error, _REMEDY)

    def load(self) -> tuple[list[dict[str, Any]], int]:
        """Return the stream documents and the first shard number that was never used.

        Raises ValueError or sqlite3.DatabaseError when the file is damaged.
        """
        rows = self._db.execute("SELECT document FROM streams ORDER BY name")
        documents = [orjson.loads(row[0]) for row in rows]
        (number,) = self._db.execute("SELECT next_shard FROM counter").fetchone() or (1,)
        return documents, number

    def save(self, name: str, document: dict[str, Any], next_shard: int) -> None:
        """Write one stream document and the counter of shards."""
        with self._transaction():
            self._put_document(name, document)
            self._db.execute("DELETE FROM counter")
            self._db.execute("INSERT INTO counter VALUES (?)", (next_shard,))

    def remove(self, name: str, shards: list[int]) -> None:
        """Delete a stream and the records of its shards."""
        with self._transaction():
            self._db.execute("DELETE FROM streams WHERE name = ?", (name,))
            for shard in shards:
                self._delete(shard, _POSITIONS)

    def trim(self, name: str, document: dict[str, Any], before: list[tuple[int, int]]) -> None:
        """Delete the records of each (shard number, first position to keep) and write the document."""
        with self._transaction():
            for shard, position in before:
                self._delete(shard, position - 1)
            self._put_document(name, document)

    def append(self, rows: list[StoredRecord]) -> None:
        """Write records; all of them or none. They are durable when this returns."""
        if len(rows) == 1:
            self._db.execute(_INSERT, rows[0])
            return
        with self._transaction():
            self._db.executemany(_INSERT, rows)

    def edges(self, shard: int) -> tuple[StoredRecord, StoredRecord] | None:
        """Return the first and the last record of a shard, without data; None when it has none."""
        bounds = (row_id(shard, 0), row_id(shard, _POSITIONS))
        query = "SELECT id, arrival_ms, '', x'' FROM records WHERE id BETWEEN ? AND ? ORDER BY id"
        first = self._db.execute(f"{query} LIMIT 1", bounds).fetchone()
        last = self._db.execute(f"{query} DESC LIMIT 1", bounds).fetchone()
        return (StoredRecord(*first), StoredRecord(*last)) if first else None

    def arrival_ms(self, shard: int, position: int) -> int:
        """Return the arrival of a record that exists."""
        query = "SELECT arrival_ms FROM records WHERE id = ?"
        return int(self._db.execute(query, (row_id(shard, position),)).fetchone()[0])

    def read(self, shard: int, position: int, limit: int, most_bytes: int) -> tuple[list[StoredRecord], int]:
        """Return up to `limit` records from `position` on and their bytes (data + key), at most `most_bytes`.

        Safe from any thread, and never waits for the writer. At least one record comes if there is one.
        """
        rows: list[StoredRecord] = []
        total_bytes = 0
        with self._reader() as db:
            cursor = db.execute(_READ, (row_id(shard, position), row_id(shard, _POSITIONS), limit))
            for row in cursor:
                size_bytes = len(row[2].encode()) + len(row[3])
                if total_bytes + size_bytes > most_bytes and rows:
                    break
                total_bytes += size_bytes
                rows.append(StoredRecord._make(row))
            cursor.close()
        return rows, total_bytes

    def close(self) -> None:
        """Close the file; the log is folded into it."""
        while self._idle:
            self._idle.pop().close()
        if self._writer is not None:
            self._writer.close()
        self._lock.close()

    def _locked(self) -> TextIO:
        # Positions are counted in memory: a second process on the same file would give them out twice.
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = self._path.with_name(self._path.name + ".lock").open("w")
        except OSError as error:
            raise LocalError(f"{self._path} cannot be used: {error.strerror}.") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise LocalError(f"{self._path} is in use by another local run.") from None
        return lock

    def _put_document(self, name: str, document: dict[str, Any]) -> None:
        self._db.execute("INSERT OR REPLACE INTO streams VALUES (?, ?)", (name, orjson.dumps(document)))

    def _delete(self, shard: int, last: int) -> None:
        self._db.execute(
            "DELETE FROM records WHERE id BETWEEN ? AND ?", (row_id(shard, 0), row_id(shard, last))
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._idle.pop()
        except IndexError:
            db = connect(self._path)
        try:
            yield db
        finally:
            if len(self._idle) < _IDLE_READERS:
                self._idle.append(db)
            else:
                db.close()
