"""The folder of objects, without moto."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from headgate.local.errors import LocalError
from headgate.local.s3.index import Bucket, Index
from headgate.local.s3.store import UPLOADS, ObjectStore

BUCKET = "my-bucket"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "s3.sqlite")


@pytest.fixture
def store(tmp_path: Path, index: Index) -> ObjectStore:
    store = ObjectStore(tmp_path / "s3", index)
    store.add_bucket(Bucket(BUCKET, "us-east-1", 1.0))
    return store


@pytest.fixture(autouse=True)
def _closed(index: Index) -> object:
    yield
    index.close()


def put(store: ObjectStore, key: str, content: bytes = b"x") -> None:
    store.adopt(store.upload([content]), BUCKET, key, {"of": key})


def content_of(store: ObjectStore, key: str) -> bytes | None:
    found = store.find(BUCKET, key)
    return found[0].read_bytes() if found else None


def keys_of(store: ObjectStore) -> list[str]:
    return sorted(key for key, _ in store.keys(BUCKET))


def test_an_ordinary_key_is_a_plain_path(store: ObjectStore, tmp_path: Path) -> None:
    put(store, "raw-data/2026/11/21/02/file one.gz", b"lines")
    assert (tmp_path / "s3" / BUCKET / "raw-data/2026/11/21/02/file one.gz").read_bytes() == b"lines"


@pytest.mark.parametrize("first", ["a", "a/b"])
def test_an_object_and_objects_below_its_name_live_together_in_any_order(
    store: ObjectStore, first: str
) -> None:
    second = "a/b" if first == "a" else "a"
    put(store, first, first.encode())
    put(store, second, second.encode())
    put(store, "a/b/c", b"a/b/c")
    for key in ("a", "a/b", "a/b/c"):
        assert content_of(store, key) == key.encode()
    assert keys_of(store) == ["a", "a/b", "a/b/c"]
    assert store.remove(BUCKET, "a/b/c")
    assert store.remove(BUCKET, "a/b")
    put(store, "a", b"new")
    assert content_of(store, "a") == b"new"
    assert keys_of(store) == ["a"]


@pytest.mark.parametrize("prefix", ["", "a", "a/", "a/b", "a/b/", "a//", "no/such/", "a/b/c/d/", "../", "/"])
def test_a_listing_by_prefix_misses_no_key(store: ObjectStore, prefix: str) -> None:
    keys = ["a", "a/", "a/b", "a/b/c", "a/bc", "a//d", "b", "../x", "/y", "long" * 100 + "/z"]
    for key in keys:
        put(store, key)
    for wanted in (prefix, "long" * 100 + "/"):
        found = {key for key, _ in store.keys(BUCKET, wanted) if key.startswith(wanted)}
        assert found == {key for key in keys if key.startswith(wanted)}


def test_a_key_cannot_reach_outside_its_bucket(store: ObjectStore, tmp_path: Path) -> None:
    for key in ("../escaped", "../../escaped", "/escaped", "a/../../../escaped", ".."):
        put(store, key, b"mine")
        assert content_of(store, key) == b"mine"
    outside = [path for path in tmp_path.rglob("*") if "escaped" in path.name]
    assert all((tmp_path / "s3" / BUCKET) in path.parents for path in outside)


def test_removing_the_last_object_removes_its_directories_and_not_the_bucket(
    store: ObjectStore, tmp_path: Path
) -> None:
    put(store, "a/b/c")
    put(store, "a/d")
    assert store.remove(BUCKET, "a/b/c")
    assert not (tmp_path / "s3" / BUCKET / "a/b").exists()
    assert store.remove(BUCKET, "a/d")
    assert list((tmp_path / "s3" / BUCKET).iterdir()) == []
    assert not store.remove(BUCKET, "a/d")


def test_what_a_dead_process_had_not_finished_is_no_object_and_is_cleared_away(
    tmp_path: Path, index: Index
) -> None:
    before = ObjectStore(tmp_path / "s3", index)
    before.add_bucket(Bucket(BUCKET, "us-east-1", 1.0))
    before.upload([b"half an object"])
    after = ObjectStore(tmp_path / "s3", index)
    assert keys_of(after) == []
    assert list((tmp_path / "s3" / UPLOADS).iterdir()) == []


def test_facts_belong_to_one_content_of_a_file(store: ObjectStore, tmp_path: Path) -> None:
    put(store, "k", b"first")
    found = store.find(BUCKET, "k")
    assert found
    assert store.index.get(BUCKET, "k", found[1]) == {"of": "k"}
    (tmp_path / "s3" / BUCKET / "k").write_bytes(b"a person's own")
    replaced = store.find(BUCKET, "k")
    assert replaced
    assert store.index.get(BUCKET, "k", replaced[1]) is None


def test_facts_that_come_late_do_not_touch_the_next_content(store: ObjectStore) -> None:
    stamp = store.adopt(store.upload([b"first"]), BUCKET, "k", {"n": 1})
    next_stamp = store.adopt(store.upload([b"second"]), BUCKET, "k", {"n": 2})
    store.index.change(BUCKET, "k", stamp, {"n": "late"})
    assert store.index.get(BUCKET, "k", next_stamp) == {"n": 2}


def test_a_folder_that_a_person_made_is_a_bucket_after_the_next_start(
    store: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "s3" / "their-bucket").mkdir()
    assert [bucket.name for bucket in store.buckets()] == [BUCKET, "their-bucket"]


def test_deleting_a_bucket_spares_files_that_are_no_objects(store: ObjectStore, tmp_path: Path) -> None:
    stray = tmp_path / "s3" / BUCKET / "50% off"  # no key is written under such a name
    stray.write_text("a person's own")
    assert keys_of(store) == []
    store.drop_bucket(BUCKET)
    assert stray.read_text() == "a person's own"


def is_open(path: Path) -> bool:
    """Whether this process holds the file open."""
    sought = path.stat()
    for handle in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the listing's own
            if os.path.samestat(os.fstat(int(handle.name)), sought):
                return True
    return False


def test_a_damaged_index_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "damaged.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(LocalError, match=r"damaged\.sqlite is damaged \(file is not a database\)"):
        Index(path)


def test_a_damaged_index_is_not_left_open(tmp_path: Path) -> None:
    path = tmp_path / "damaged.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(LocalError) as refused:  # keeps what failed alive, as a cycle of references does
        Index(path)
    assert not is_open(path), refused


def test_the_index_is_a_plain_sqlite_file(store: ObjectStore, tmp_path: Path) -> None:
    put(store, "k", b"12345")
    with sqlite3.connect(tmp_path / "s3.sqlite") as reader:
        assert reader.execute("SELECT key, size_bytes FROM objects").fetchall() == [("k", 5)]
    reader.close()
