"""Which objects can hold a time range's lines, from their names and times alone."""

from datetime import UTC, datetime

import pytest

from headgate.readers.bucket import Object
from headgate.readers.contents import received_s
from headgate.readers.errors import ReaderError
from headgate.readers.span import Span, first_folder, kind_of, may_hold, objects, oldest_s
from tests.readers_rig import World

RAW, CURATED = kind_of("raw", "Asia/Seoul"), kind_of("curated", "Asia/Seoul")
UUID = "00000000-0000-0000-0000-000000000001"


def _s(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _object(key: str, modified: str) -> Object:
    return Object(key, 1, _s(modified), "tag")


EARLY = _object(f"raw-data/2026/10/01/05/d-raw-1-2026-10-01-05-50-00-{UUID}.gz", "2026-10-01T05:55:00")


def test_the_name_of_an_object_says_when_its_oldest_record_arrived() -> None:
    assert oldest_s(RAW, EARLY) == _s("2026-10-01T05:50:00")
    key = f"curated/dt=2026-10-01/hour=14/d-curated-1-2026-10-01-14-50-00-{UUID}.gz"
    assert oldest_s(CURATED, _object(key, "2026-10-01T05:55:00")) == _s("2026-10-01T05:50:00")


def test_an_object_with_a_name_of_its_own_counts_by_its_hour() -> None:
    kind = kind_of("quarantine", "UTC")
    assert oldest_s(kind, _object("quarantine/2026/10/01/05/s-1-2.ndjson", "2026-10-01T05:55:00")) == _s(
        "2026-10-01T05:00:00"
    )
    assert oldest_s(kind, _object("quarantine/mine.ndjson", "2026-10-01T05:55:00")) == float("-inf")


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (("2026-10-01T05:54:00", "2026-10-01T06:00:00"), True),
        (("2026-10-01T05:00:00", "2026-10-01T05:50:01"), True),
        (("2026-10-01T05:00:00", "2026-10-01T05:50:00"), False),
        (("2026-10-01T06:00:00", "2026-10-01T07:00:00"), False),
    ],
)
def test_an_object_of_the_archive_reaches_from_its_oldest_record_to_its_writing(
    span: tuple[str, str],
    expected: bool,  # noqa: FBT001
) -> None:
    assert may_hold(RAW, EARLY, Span(_s(span[0]), _s(span[1]))) is expected


def test_f04_a_curated_object_may_hold_lines_older_than_its_name() -> None:
    late = _object(f"curated/dt=2026-10-02/hour=14/d-1-2026-10-02-14-50-00-{UUID}.gz", "2026-10-02T06:00:00")
    assert may_hold(CURATED, late, Span(_s("2026-10-01T05:00:00"), _s("2026-10-01T06:00:00")))


def test_a_listing_starts_a_day_before_the_range_in_the_folders_own_zone() -> None:
    from_s = _s("2026-10-01T05:00:00")
    assert first_folder(RAW, from_s) == "raw-data/2026/09/30/03/"
    assert first_folder(CURATED, from_s) == "curated/dt=2026-09-30/hour=12/"
    assert first_folder(RAW, float("-inf")) == ""


def test_objects_of_one_hour_come_in_the_order_of_their_writing() -> None:
    world = World()
    for name in ("b", "a", "c"):
        world.stream.now_s += 1
        world.memory.put(f"quarantine/2026/10/01/05/{name}", b"{}")
    found = objects(world.memory, kind_of("quarantine", "UTC"), Span())
    assert [each.key[-1] for each in found] == ["b", "a", "c"]


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ReaderError, match="ends before it begins"):
        Span.of(2.0, 1.0)


def test_the_arrival_of_a_line_is_not_what_a_producer_says_it_is() -> None:
    event_id = rb'"event_id":"\"received_at\":\"1999-01-01T00:00:00.000Z\""'
    line = b"{" + event_id + b',"received_at":"2026-10-01T05:00:00.000Z"}'
    assert received_s(line) == _s("2026-10-01T05:00:00")
    assert received_s(b"{}") is None
