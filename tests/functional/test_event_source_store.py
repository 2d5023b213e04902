"""The poller's checkpoints on a real file."""

from pathlib import Path

import pytest

from headgate.local.errors import LocalError
from headgate.local.event_source import CheckpointStore
from headgate.local.event_source.store import NotKeptError


def test_what_was_saved_is_there_after_an_end_without_closing(tmp_path: Path) -> None:
    first = CheckpointStore(tmp_path / "poller.sqlite")
    first.save("m", {"shard-0": "99", "shard-1": "SHARD_END"})
    first.save("m", {"shard-0": "100"})
    with CheckpointStore(tmp_path / "poller.sqlite") as second:
        assert second.load("m") == {"shard-0": "100", "shard-1": "SHARD_END"}
        assert second.load("another") == {}
    first.close()


@pytest.mark.parametrize("content", [b"not a database " * 100, b"SQLite format 3\x00" + bytes(50)])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "poller.sqlite"
    path.write_bytes(content)
    with pytest.raises(LocalError, match=r"poller\.sqlite is damaged"):
        CheckpointStore(path)


def test_a_page_that_is_damaged_in_the_middle_is_found(tmp_path: Path) -> None:
    path = tmp_path / "poller.sqlite"
    with CheckpointStore(path) as store:
        store.save("m", {f"shard-{number:012}": "9" * 56 for number in range(500)})
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(LocalError, match=r"poller\.sqlite is damaged"):
        CheckpointStore(path)


def test_a_file_of_another_kind_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot be used"):
        CheckpointStore(tmp_path)


def test_a_store_that_is_closed_says_so(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path / "poller.sqlite")
    store.close()
    store.close()
    with pytest.raises(LocalError, match="closed"):
        store.load("m")


def test_a_full_disk_is_told_apart_from_damage_and_what_comes_later_is_kept(tmp_path: Path) -> None:
    with CheckpointStore(tmp_path / "poller.sqlite") as store:
        db = store._open()
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}")
        many = {f"shardId-{number:012d}": "9" * 56 for number in range(200)}
        with pytest.raises(NotKeptError, match="disk is full"):
            store.save("m", many)
        assert store.load("m") == {}
        db.execute("PRAGMA max_page_count = 1000")
        store.save("m", many)
        assert store.load("m") == many
