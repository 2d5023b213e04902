"""A small part of `python -m tests.faults.send_fuzz`."""

from tests.faults.send_fuzz import play


def test_any_bytes_are_rows_or_a_sentence_s01() -> None:
    found, refused = play(2_000, "short")
    assert found > 0
    assert refused > 0
