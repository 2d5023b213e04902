"""A short part of `python -m tests.faults.send_kills`."""

from pathlib import Path

from tests.faults.send_kills import play


def test_a_file_is_through_whole_after_kills_and_damaged_answers_k05(tmp_path: Path) -> None:
    outcome = play(2, "short", tmp_path)
    assert outcome.kills == 2
    assert outcome.faults > 0
