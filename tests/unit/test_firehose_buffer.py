import pytest

from headgate.local.firehose.buffer import Hints, Level, flush_in_s

HINTS = Hints(size_bytes=1000, interval_s=60.0)


@pytest.mark.parametrize(
    ("level", "now_s", "expected"),
    [
        (Level(0, 0, 0.0), 1e9, None),
        (Level(1, 1, 100.0), 100.0, 60.0),
        (Level(999, 9, 100.0), 130.0, 30.0),
        (Level(999, 9, 100.0), 160.0, 0.0),
        (Level(999, 9, 100.0), 500.0, 0.0),
        (Level(1000, 9, 100.0), 100.0, 0.0),
        (Level(1001, 1, 100.0), 100.0, 0.0),
        (Level(0, 1, 100.0), 100.0, 60.0),
    ],
)
def test_a_buffer_is_written_at_its_size_or_its_age_whichever_comes_first(
    level: Level, now_s: float, expected: float | None
) -> None:
    assert flush_in_s(level, HINTS, now_s) == expected


def test_an_interval_of_zero_writes_at_once() -> None:
    assert flush_in_s(Level(1, 1, 100.0), Hints(1000, 0.0), 100.0) == 0.0


def test_a_clock_that_is_set_back_does_not_keep_records_in_the_buffer() -> None:
    assert flush_in_s(Level(1, 1, 100.0), HINTS, 99.0) == 0.0
