"""The poller's checkpoints on disk, so that a start after `kill -9` goes on where everything was done.

Decides the file's format. Never decides what a checkpoint is; the engine saves only what is done (I11). What
was saved survives the death of the process (database.py).
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Self

from headgate.local.database import is_passing, open_database, unusable
from headgate.local.errors import LocalError

_REMEDY = (
    "move it away and start again. The transform reads the stream from its start once more and delivers again"
    " what it still holds, with the same event ids."
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkpoints (
    mapping_id TEXT, shard_id TEXT, checkpoint TEXT NOT NULL, PRIMARY KEY (mapping_id, shard_id)
) WITHOUT ROWID;
"""
_VERSION = 1


class NotKeptError(Exception):
    """The checkpoints could not be written now, as on a full disk; the next try may succeed."""


class CheckpointStore:
    """Checkpoints by mapping and shard, for one thread at a time. Raises LocalError for a damaged file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = open_database(path, _SCHEMA, _VERSION, _REMEDY)
        try:
            with closing(
                self._connection.execute("SELECT mapping_id, shard_id, checkpoint FROM checkpoints")
            ):
                pass
        except sqlite3.Error as error:
            self.close()
            raise unusable(path, error, _REMEDY) from error

    def load(self, mapping_id: str) -> dict[str, str]:
        """Return shard id → checkpoint."""
        try:
            rows = self._open().execute(
                "SELECT shard_id, checkpoint FROM checkpoints WHERE mapping_id = ?", (mapping_id,)
            )
            return dict(rows.fetchall())
        except sqlite3.Error as error:
            raise unusable(self._path, error, _REMEDY) from error

    def save(self, mapping_id: str, checkpoints: Mapping[str, str]) -> None:
        """Write these checkpoints, all or none. Raises NotKeptError when they cannot be written now."""
        rows = [(mapping_id, shard_id, checkpoint) for shard_id, checkpoint in checkpoints.items()]
        try:
            with self._open() as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            if is_passing(error):
                raise NotKeptError(f"{self._path} cannot be written now: {error}") from error
            raise unusable(self._path, error, _REMEDY) from error

    def close(self) -> None:
        """Close the file; closing twice is allowed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LocalError(f"The poller's checkpoints {self._path} are closed already.")
        return self._connection
