"""F05: the documented view shows each event once. SQLite runs the same standard SQL."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from headgate.infra.template.delivery import COLUMNS

SQL = (Path(__file__).parents[2] / "docs" / "athena.sql").read_text(encoding="utf-8")
ROWS = [
    ("e1", "2026-01-01T00:00:00.000Z", "t", "shardId-000000000000", "9", "{}", "2026-01-01", "00"),
    ("e1", "2026-01-01T00:00:00.000Z", "t", "shardId-000000000000", "10", "{}", "2026-01-01", "00"),
    ("e1", "2026-01-01T00:00:05.000Z", "t", "shardId-000000000001", "1", "{}", "2026-01-01", "01"),
    ("e2", "2026-01-01T00:00:09.000Z", "t", "shardId-000000000000", "11", "{}", "2026-01-01", "00"),
]


def test_a_copy_is_shown_once_and_it_is_the_first_that_arrived() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE curated ({', '.join(COLUMNS)}, dt, hour)")
        database.executemany("INSERT INTO curated VALUES (?, ?, ?, ?, ?, ?, ?, ?)", reversed(ROWS))
        database.executescript(re.sub("CREATE OR REPLACE VIEW", "CREATE VIEW", SQL))
        shown = database.execute("SELECT event_id, sequence_number FROM events ORDER BY event_id").fetchall()
    assert shown == [("e1", "9"), ("e2", "11")]
