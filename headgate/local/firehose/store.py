"""Firehose on SQLite: delivery streams, records of direct puts, checkpoints, the object on its way to S3.

Decides what survives `kill -9`: whatever a method has returned from. Rows go only in `commit`, called when S3
has the object, so a checkpoint never passes an undelivered byte (I11). Never talks to S3.

One connection and one lock serve all threads; reads are bounded, so no put waits long.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import orjson

from headgate.local.database import open_database

# The source of a direct put; a Kinesis source has one source per shard, named by the shard.
DIRECT = ""

_SCHEMA_VERSION = 1
_REMEDY = (
    "move it and poller.sqlite beside it away and start again. Everything that the stream still holds is"
    " delivered once more, with the same event ids."
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery_stream (name TEXT PRIMARY KEY, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    row INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, arrival_s REAL NOT NULL, data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS record_of_stream ON record (stream, row);
CREATE TABLE IF NOT EXISTS place (
    stream TEXT NOT NULL, source TEXT NOT NULL, place TEXT NOT NULL, PRIMARY KEY (stream, source)
);
CREATE TABLE IF NOT EXISTS upload (
    stream TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    places BLOB NOT NULL
);
"""  # AUTOINCREMENT: a row number is never used twice, so "rows up to n" cannot mean newer ones.


class Upload(NamedTuple):
    """An object that is being put; `places` is where its sources stand once S3 has it."""

    bucket: str
    key: str
    size_bytes: int
    places: Mapping[str, str]


class QueuedRecord(NamedTuple):
    """One record of a direct put."""

    row: int
    arrival_s: float
    data: bytes


class DeliveryQueue:
    """The database of one local Firehose."""

    def __init__(self, path: Path) -> None:
        """Open or make it. Raises LocalError when the file is damaged or in use."""
        self._lock = Lock()
        self._db = open_database(path, _SCHEMA, _SCHEMA_VERSION, _REMEDY)
        self._shrink()

    def close(self) -> None:
        """Close the file; nothing is lost by not calling it."""
        with self._lock:
            self._db.close()

    def documents(self) -> list[dict[str, Any]]:
        """Return all delivery streams, in the order of their names."""
        with self._lock:
            rows = self._db.execute("SELECT document FROM delivery_stream ORDER BY name").fetchall()
        return [orjson.loads(document) for (document,) in rows]

    def save(self, name: str, document: Mapping[str, Any]) -> None:
        """Make or replace a delivery stream."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO delivery_stream VALUES (?, ?)", (name, orjson.dumps(document)))

    def delete(self, name: str) -> int:
        """Forget a delivery stream and its records; return how many records were dropped (I9)."""
        with self._transaction() as db:
            dropped = db.execute("DELETE FROM record WHERE stream = ?", (name,)).rowcount
            db.execute("DELETE FROM place WHERE stream = ?", (name,))
            db.execute("DELETE FROM upload WHERE stream = ?", (name,))
            db.execute("DELETE FROM delivery_stream WHERE name = ?", (name,))
        return dropped

    def append(self, name: str, arrival_s: float, data: Sequence[bytes]) -> None:
        """Keep records of a direct put, in order. Raises KeyError when the delivery stream is gone."""
        with self._transaction() as db:
            if db.execute("SELECT 1 FROM delivery_stream WHERE name = ?", (name,)).fetchone() is None:
                raise KeyError(name)
            rows = [(name, arrival_s, each) for each in data]
            db.executemany("INSERT INTO record (stream, arrival_s, data) VALUES (?, ?, ?)", rows)

    def read(self, name: str, after_row: int, max_bytes: int) -> list[QueuedRecord]:
        """Return the records after a row, at least one if there is one, up to the first over `max_bytes`."""
        rows: list[QueuedRecord] = []
        size_bytes = 0
        query = "SELECT row, arrival_s, data FROM record WHERE stream = ? AND row > ? ORDER BY row"
        with self._lock:
            cursor = self._db.execute(query, (name, after_row))
            for each in cursor:
                rows.append(QueuedRecord(*each))
                size_bytes += len(rows[-1].data)
                if size_bytes >= max_bytes:
                    break
            cursor.close()
        return rows

    def backlog(self, name: str) -> tuple[int, float | None]:
        """Return how many records of direct puts are kept, and the arrival of the oldest."""
        first = "SELECT arrival_s FROM record WHERE stream = ? ORDER BY row LIMIT 1"
        with self._lock:
            (count,) = self._db.execute("SELECT count(*) FROM record WHERE stream = ?", (name,)).fetchone()
            oldest = self._db.execute(first, (name,)).fetchone()
        return count, oldest[0] if oldest else None

    def places(self, name: str) -> dict[str, str]:
        """Return the checkpoint of each shard of a Kinesis source."""
        with self._lock:
            return dict(
                self._db.execute("SELECT source, place FROM place WHERE stream = ?", (name,)).fetchall()
            )

    def begin_upload(self, name: str, upload: Upload) -> None:
        """Note what is about to be put, so that a restart can ask S3 whether it arrived."""
        row = (name, upload.bucket, upload.key, upload.size_bytes, orjson.dumps(dict(upload.places)))
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO upload VALUES (?, ?, ?, ?, ?)", row)

    def upload(self, name: str) -> Upload | None:
        """Return the object that was on its way when the process ended, if there was one."""
        query = "SELECT bucket, key, size_bytes, places FROM upload WHERE stream = ?"
        with self._lock:
            row = self._db.execute(query, (name,)).fetchone()
        return Upload(row[0], row[1], row[2], orjson.loads(row[3])) if row else None

    def commit(self, name: str, places: Mapping[str, str]) -> None:
        """Note that everything up to these places is in S3 (none: the upload did not arrive)."""
        with self._transaction() as db:
            db.execute("DELETE FROM upload WHERE stream = ?", (name,))
            for source, place in places.items():
                if source == DIRECT:
                    db.execute("DELETE FROM record WHERE stream = ? AND row <= ?", (name, int(place)))
                else:
                    db.execute("INSERT OR REPLACE INTO place VALUES (?, ?, ?)", (name, source, place))

    def _shrink(self) -> None:
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        if 2 * free > pages:
            # The file keeps the size of its largest backlog; at the start little is left to copy.
            self._db.execute("VACUUM")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


class Arrival(NamedTuple):
    """One record on its way, or, with `data` None, only the news that a source has got to `place`.

    `place` is the row of a direct put (source "") or the checkpoint of a shard; `arrival_s` is the record's
    approximate arrival, `buffered_s` when Firehose took it in (both epoch seconds).
    """

    source: str
    place: str
    arrival_s: float
    buffered_s: float
    data: bytes | None
