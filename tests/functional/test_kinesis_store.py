"""The file: what a restart finds, what damage looks like."""

import sqlite3
from pathlib import Path

import pytest

from headgate.local.errors import LocalError
from headgate.local.kinesis import KinesisService, RecordStore
from headgate.local.wire import AwsError
from tests.kinesis_rig import FakeClock, open_rig


def test_a_restart_finds_records_shards_settings_and_iterators(tmp_path: Path) -> None:
    path, clock = tmp_path / "kinesis.sqlite", FakeClock()
    with open_rig(path, clock) as rig:
        rig.put(b"before")
        rig.call("SplitShard", ShardToSplit="shardId-000000000000", NewStartingHashKey="100")
        rig.put(b"after", ExplicitHashKey="0")
        rig.call("IncreaseStreamRetentionPeriod", RetentionPeriodHours=48)
        rig.call("AddTagsToStream", Tags={"team": "web"})
        expected = rig.call("DescribeStream"), rig.call("ListTagsForStream")
        iterator = rig.iterator(0)
    with open_rig(path, clock, shards=None) as rig:
        assert (rig.call("DescribeStream"), rig.call("ListTagsForStream")) == expected
        assert (rig.data(0), rig.data(1)) == ([b"before"], [b"after"])
        assert len(rig.page(iterator)["Records"]) == 1


@pytest.mark.parametrize("clock_s", [0.0, 3600.0, -3600.0])
def test_sequence_numbers_and_arrivals_go_on_after_a_restart_whatever_the_clock_says(
    tmp_path: Path, clock_s: float
) -> None:
    path, clock = tmp_path / "kinesis.sqlite", FakeClock()
    with open_rig(path, clock) as rig:
        first = rig.put(b"1")["SequenceNumber"]
    clock.pass_s(clock_s)
    with open_rig(path, clock, shards=None) as rig:
        assert int(rig.put(b"2")["SequenceNumber"]) > int(first)
        records = rig.page(rig.iterator())["Records"]
    arrivals = [record["ApproximateArrivalTimestamp"] for record in records]
    assert arrivals == sorted(arrivals)


def test_a_second_process_on_the_same_file_is_refused(tmp_path: Path) -> None:
    with (
        open_rig(tmp_path / "kinesis.sqlite"),
        pytest.raises(LocalError, match="in use by another local run"),
    ):
        RecordStore(tmp_path / "kinesis.sqlite")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match="cannot be used"):
        RecordStore(tmp_path / "file" / "kinesis.sqlite")


def damage_header(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)


def damage_document(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE streams SET document = '{\"name\": 5}'")
    db.commit()
    db.close()


def damage_json(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE streams SET document = '{'")
    db.commit()
    db.close()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


def open_and_close(path: Path) -> None:
    store = RecordStore(path)
    try:
        KinesisService(store, FakeClock())
    finally:
        store.close()


@pytest.mark.parametrize("damage", [damage_header, damage_middle, damage_document, damage_json, truncate])
def test_a_damaged_file_is_one_sentence_that_says_what_to_do(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "kinesis.sqlite"
    with open_rig(path) as rig:
        for _ in range(50):
            rig.put(bytes(1000))
    assert callable(damage)
    damage(path)
    with pytest.raises(
        LocalError, match=r"is damaged .*: move it away and start again\. Its records"
    ) as refused:
        open_and_close(path)
    assert "\n" not in str(refused.value)


def test_a_file_of_another_version_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "kinesis.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LocalError, match="written by another version"):
        RecordStore(path)


def test_a_file_that_fails_while_running_answers_500_and_acknowledges_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kinesis.sqlite"
    with open_rig(path) as rig:
        number = rig.put(b"1")["SequenceNumber"]
        other = sqlite3.connect(path)
        other.execute("ALTER TABLE records RENAME TO elsewhere")
        with pytest.raises(AwsError) as refused:
            rig.put(b"2")
        assert (refused.value.code, refused.value.status) == ("InternalFailureException", 500)
        other.execute("ALTER TABLE elsewhere RENAME TO records")
        other.close()
        assert int(rig.put(b"3")["SequenceNumber"]) > int(number)
        assert rig.data() == [b"1", b"3"]


def test_a_change_that_cannot_be_written_has_not_happened(tmp_path: Path) -> None:
    path = tmp_path / "kinesis.sqlite"
    with open_rig(path) as rig:
        other = sqlite3.connect(path)
        other.execute("ALTER TABLE streams RENAME TO elsewhere")
        with pytest.raises(AwsError):
            rig.call("SplitShard", ShardToSplit="shardId-000000000000", NewStartingHashKey="100")
        other.execute("ALTER TABLE elsewhere RENAME TO streams")
        other.close()
        assert len(rig.shards()) == 1
        assert rig.put(b"x")["ShardId"] == "shardId-000000000000"
