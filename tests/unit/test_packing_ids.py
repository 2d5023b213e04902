"""The partition key carries an event id only behind our mark; every other record is named by its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import limits
from chalicelib.packing import KEY_MARK, event_id, partition_key, record_event_id, user_record_id

SHARD, NUMBER = "shardId-000000000000", "49546986683135544286507457936321625675700192471156785154"


@pytest.mark.parametrize("key", [None, "", "123", "hg1", "hg1:", "HG1:a", " hg1:a", "hg2:a", "hg11:a", "a/0"])
def test_a_record_without_our_mark_is_named_by_its_shard_and_sequence_number(key: str | None) -> None:
    assert record_event_id(key, SHARD, NUMBER) == f"{SHARD}:{NUMBER}"


@given(st.text(min_size=1))
def test_an_id_comes_back_from_the_partition_key_whatever_it_looks_like(record_id: str) -> None:
    assert record_event_id(partition_key(record_id), SHARD, NUMBER) == record_id


def test_an_id_that_itself_begins_with_the_mark_keeps_it() -> None:
    assert record_event_id(partition_key("hg1:a"), SHARD, NUMBER) == "hg1:a"
    assert record_event_id(partition_key("hg1:"), SHARD, NUMBER) == "hg1:"


def test_the_longest_idempotency_key_with_mark_and_index_fits_into_a_partition_key() -> None:
    longest = partition_key("k" * limits.IDEMPOTENCY_KEY_MAX_CHARS + f"/{limits.EVENTS_MAX - 1}")
    assert len(longest) <= limits.PARTITION_KEY_MAX_CHARS


def test_the_lines_and_user_records_of_a_record_have_ids_of_their_own() -> None:
    assert [event_id("a", number) for number in (1, 2)] == ["a", "a#2"]
    assert event_id(user_record_id("s:1", 0), 2) == "s:1.0#2"
    assert KEY_MARK == "hg1:"  # what is on a stream for up to a year must not change its meaning
