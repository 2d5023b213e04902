"""The poller's checkpoints on disk, so that a start after `kill -9` goes on where everything was done.

Decides the file's format. Never decides what a checkpoint is; the engine saves only what is done (I11). What
was saved survives the death of the process, not of the machine.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from headgate.local.errors import LocalError

# Waiting for another process that holds the file is a mistake of ours: there is one poller.
LOCK_WAIT_S = 2.0


class CheckpointStore:
    """Checkpoints by mapping and shard, for one thread at a time. Raises LocalError for a damaged file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = sqlite3.connect(
                path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = OFF")
            if self._connection.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise sqlite3.DatabaseError("quick_check found damage")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS checkpoints (mapping_id TEXT, shard_id TEXT,"
                " checkpoint TEXT NOT NULL, PRIMARY KEY (mapping_id, shard_id)) WITHOUT ROWID"
            )
            self._connection.execute("SELECT mapping_id, shard_id, checkpoint FROM checkpoints LIMIT 0")
        except sqlite3.Error as error:
            self.close()
            raise self._damage(error) from error

    def load(self, mapping_id: str) -> dict[str, str]:
        """Return shard id → checkpoint."""
        try:
            rows = self._open().execute(
                "SELECT shard_id, checkpoint FROM checkpoints WHERE mapping_id = ?", (mapping_id,)
            )
            return dict(rows.fetchall())
        except sqlite3.Error as error:
            raise self._damage(error) from error

    def save(self, mapping_id: str, checkpoints: Mapping[str, str]) -> None:
        """Write these checkpoints, all or none."""
        rows = [(mapping_id, shard_id, checkpoint) for shard_id, checkpoint in checkpoints.items()]
        try:
            with self._open() as connection:
                connection.execute("BEGIN")
                connection.executemany("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise self._damage(error) from error

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

    def _damage(self, error: sqlite3.Error) -> LocalError:
        return LocalError(
            f"The poller's checkpoints {self._path} cannot be used ({error}); move the file away, and the"
            " poller reads the stream from its starting position again."
        )
