"""What S3 knows of an object beside its bytes, and which buckets exist: one SQLite file beside the folder.

Decides that a row counts only for the very file it was written for (same size and modification time): a file
that a person replaced has no old metadata. Never reads an object's file. Called by s3.store.

It is an index, not the data: without it objects keep names and bytes, and lose content type and metadata.
"""

import threading
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from headgate.local.database import open_database

Facts = dict[str, Any]

_VERSION = 1
_REMEDY = "move it away and start again. The objects stay; their content types and metadata are lost."

_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, region TEXT NOT NULL, created_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL, key TEXT NOT NULL, size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
    facts BLOB NOT NULL, PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
"""
_GET = "SELECT facts FROM objects WHERE bucket = ? AND key = ? AND size_bytes = ? AND modified_ns = ?"
_CHANGE = "UPDATE objects SET facts = ? WHERE bucket = ? AND key = ? AND size_bytes = ? AND modified_ns = ?"


class Stamp(NamedTuple):
    """What tells one content of a file from the next."""

    size_bytes: int
    modified_ns: int


class Bucket(NamedTuple):
    """A bucket as it was created; `created_s` in seconds of the epoch."""

    name: str
    region: str
    created_s: float


class Index:
    """Thread-safe; every method is one transaction, and what it wrote survives the death of the process."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises LocalError when it is damaged."""
        self._lock = threading.Lock()
        self._db = open_database(path, _SCHEMA, _VERSION, _REMEDY)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _run(self, sql: str, *values: object) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def buckets(self) -> list[Bucket]:
        """All buckets."""
        return [Bucket(*row) for row in self._run("SELECT name, region, created_s FROM buckets")]

    def add_bucket(self, bucket: Bucket) -> None:
        """Remember a bucket; one that is known keeps its row."""
        self._run("INSERT OR IGNORE INTO buckets VALUES (?, ?, ?)", *bucket)

    def drop_bucket(self, name: str) -> None:
        """Forget a bucket and its objects."""
        self._run("DELETE FROM objects WHERE bucket = ?", name)
        self._run("DELETE FROM buckets WHERE name = ?", name)

    def put(self, bucket: str, key: str, stamp: Stamp, facts: Facts) -> None:
        """Remember the facts of one file."""
        self._run(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", bucket, key, *stamp, orjson.dumps(facts)
        )

    def change(self, bucket: str, key: str, stamp: Stamp, facts: Facts) -> None:
        """Replace the facts of one file; does nothing when another file has taken its place meanwhile."""
        self._run(_CHANGE, orjson.dumps(facts), bucket, key, *stamp)

    def get(self, bucket: str, key: str, stamp: Stamp) -> Facts | None:
        """The facts of one file, None when they were another content's."""
        rows = self._run(_GET, bucket, key, *stamp)
        return dict(orjson.loads(rows[0][0])) if rows else None

    def drop(self, bucket: str, key: str) -> None:
        """Forget one object."""
        self._run("DELETE FROM objects WHERE bucket = ? AND key = ?", bucket, key)
