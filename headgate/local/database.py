"""Opens the SQLite files of the local run, all in the same way, and says what a failure of one means.

Each file has a write-ahead log with synchronous=NORMAL: what a method has committed survives the death of the
process; a power cut can cost the last commits and never the file. Decides the checks at the opening and
whether a later error may pass by itself. Knows no table. Called by the four stores.

Source: SQLite, "PRAGMA synchronous", "Result and Error Codes".
"""

import sqlite3
from pathlib import Path

from headgate.local.errors import LocalError

_LOCK_WAIT_S = 10.0
_CHECKED_BYTES = 256 * 1024 * 1024  # the check of a greater file would make the start slow
_PRIMARY_CODE = 0xFF
# A full disk (FULL, or IOERR from a log that cannot grow), no free handle (CANTOPEN), another program.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
    }
)


def open_database(path: Path, schema: str, version: int, remedy: str) -> sqlite3.Connection:
    """Open or make a file; any thread may use the connection, one at a time.

    `schema` makes what is missing. Raises LocalError with the remedy when the file is damaged or another
    version's. What a crash left beside a file that was moved away is not taken for the new file's.
    """
    if not path.exists():
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    try:
        db = connect(path)
    except sqlite3.Error as error:
        raise unusable(path, error, remedy) from error
    try:
        _prepare(db, schema, version)
    except sqlite3.Error as error:
        db.close()
        raise unusable(path, error, remedy) from error
    return db


def connect(path: Path) -> sqlite3.Connection:
    """Open one more connection to a file that `open_database` has made ready. Raises sqlite3.Error."""
    db = sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error:
        db.close()
        raise
    return db


def unusable(path: Path, error: Exception, remedy: str) -> LocalError:
    """Return the sentence for a file that cannot be used: damaged, or for now."""
    reason = " ".join(str(error).split())
    if is_passing(error):
        return LocalError(f"{path} cannot be used now: {reason}.")
    return LocalError(f"{path} is damaged ({reason}): {remedy}")


def is_passing(error: Exception) -> bool:
    """Return whether an error may be gone at the next try, as a full disk's."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY_CODE in _PASSING


def _prepare(db: sqlite3.Connection, schema: str, version: int) -> None:
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found not in (0, version):
        raise sqlite3.DatabaseError(f"it was written by another version, {found} instead of {version}")
    (size_bytes,) = db.execute(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    ).fetchone()
    if size_bytes <= _CHECKED_BYTES:
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {version}; COMMIT;")
