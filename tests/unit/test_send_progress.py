"""Figures, the progress line and the summary: constant memory, any width."""

import math

import pytest

from headgate.contract.connection import HttpAnswer, NoAnswer
from headgate.send.deliver import Again, Exchange
from headgate.send.progress import RetryNotes, duration, progress_line, summary
from headgate.send.resume import Mark, Prefix
from headgate.send.sender import Pace
from headgate.send.stats import Latencies, Stats


def some_stats() -> Stats:
    stats = Stats(started_s=0.0)
    stats.add(sent=1500, accepted=1000)
    stats.reject("RaggedRow")
    for seconds, again in ((0.1, False), (0.2, True), (2.0, False)):
        stats.exchanged(Exchange(HttpAnswer(200, b""), seconds, again))
    stats.exchanged(Exchange(NoAnswer("Timeout", "", connected=True), 30.0, again=False))
    return stats


def test_the_line_says_how_much_how_fast_and_how_long_still() -> None:
    line = progress_line(some_stats(), 0.25, 10.0, 200)
    assert line == "25%  1,000 accepted  1 rejected  100/s  30 s left  1,500 sent  1 retried"


@pytest.mark.parametrize("width", range(120))
def test_the_line_is_never_wider_than_the_terminal(width: int) -> None:
    assert len(progress_line(some_stats(), 0.25, 10.0, width)) <= width


def test_without_an_end_in_sight_there_is_no_time_left() -> None:
    assert "left" not in progress_line(some_stats(), None, 10.0, 200)


def test_the_summary_has_counts_statuses_percentiles_and_reasons() -> None:
    text = summary(some_stats(), 10.0)
    assert "1,000 accepted, 1 rejected, 1,500 sent in 10 s (100 events/s)" in text
    assert "4 (200: 3, Timeout: 1), 1 retried" in text
    assert "max 2.00 s" in text
    assert "RaggedRow: 1" in text
    assert "valid" in summary(some_stats(), 10.0, checking=True)


def test_percentiles_are_right_within_five_per_cent_in_constant_memory() -> None:
    latencies = Latencies()
    for milliseconds in range(1, 10_001):
        latencies.add(milliseconds / 1000)
    for share in (0.5, 0.9, 0.99):
        assert latencies.percentile_s(share) == pytest.approx(10 * share, rel=0.06)
    assert latencies.percentile_s(1.0) == 10.0
    assert Latencies().percentile_s(0.5) == 0.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (75, "75 s"), (300, "5 min"), (7500, "2 h 05 min"), (360_000, "100 h 00 min")],
)
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_pace_never_lets_more_through_than_its_rate() -> None:
    pace = Pace(10.0)
    assert [pace.wait_s(5, now_s) for now_s in (100.0, 100.0, 100.2, 200.0, 200.0)] == pytest.approx(
        [0.0, 0.5, 0.8, 0.0, 0.5]
    )
    assert Pace(math.inf).wait_s(10**9, 5.0) == 0.0


def test_the_prefix_moves_only_over_batches_that_are_done_i11() -> None:
    prefix = Prefix()
    numbers = [prefix.issue(Mark(row)) for row in (500, 1000, 1500, 1510)]
    assert [prefix.done(numbers[i]) for i in (1, 0, 3, 2)] == [None, Mark(1000), None, Mark(1510)]


def test_a_batch_that_waits_is_in_the_line_until_it_waits_no_longer() -> None:
    stats = some_stats()
    stats.waits("f-1", Again("503 Unavailable", 3, 17.0, 9.0))
    assert "503 Unavailable: attempt 3 failed, again in 7.0 s" in progress_line(stats, 0.25, 10.0, 200)
    stats.waits("f-1", None)
    assert "503" not in progress_line(stats, 0.25, 10.0, 200)


def test_without_a_terminal_a_retry_that_goes_on_is_a_line_every_few_seconds_and_a_hiccup_is_none() -> None:
    notes = RetryNotes()
    assert notes.line(None, 0.0) is None
    assert notes.line(Again("503", 1, 0.2, 0.0), 0.0) is None
    assert (
        notes.line(Again("503", 4, 5.0, 0.0), 3.0)
        == "503: attempt 4 failed, again in 2.0 s; it goes on for 3.0 s"
    )
    assert notes.line(Again("503", 5, 9.0, 0.0), 6.0) is None
    assert notes.line(Again("503", 6, 20.0, 0.0), 14.0) is not None
