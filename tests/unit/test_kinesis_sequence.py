import pytest

from headgate.local.kinesis import sequence

CREATED_S = 1_700_000_000


def test_a_sequence_number_has_56_digits_and_starts_with_49() -> None:
    number = sequence.number(sequence.base(CREATED_S, 0), 1, CREATED_S)
    assert len(number) == 56
    assert number.startswith("49")


def test_a_number_tells_its_shard_and_position() -> None:
    number = sequence.number(sequence.base(CREATED_S, 1234), 5678, CREATED_S + 9)
    assert sequence.parse(number) == (CREATED_S, 1234, 5678)


@pytest.mark.parametrize("later_s", [0, 1, -86_400])
def test_a_later_position_has_a_greater_number_whatever_the_clock_says(later_s: int) -> None:
    base = sequence.base(CREATED_S, 3)
    first = sequence.number(base, 41, CREATED_S + 100_000)
    assert int(sequence.number(base, 42, CREATED_S + 100_000 + later_s)) > int(first)


def test_the_first_number_of_a_child_is_above_the_last_one_of_its_parent() -> None:
    parent = sequence.number(sequence.base(CREATED_S, 15), sequence.LAST_POSITION, CREATED_S + 10**6)
    child = sequence.number(sequence.base(CREATED_S + 1, 0), 0, CREATED_S)
    assert int(child) > int(parent)


def test_two_shards_never_share_a_number() -> None:
    bases = [sequence.base(CREATED_S, index) for index in range(40)]
    assert len({sequence.number(base, 7, CREATED_S) for base in bases}) == 40


@pytest.mark.parametrize("text", ["", "5", "-1", "4" * 56, "9" * 56, "1" * 200, "٣" * 56, "49a"])
def test_text_of_another_shape_is_not_a_sequence_number(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        sequence.parse(text)
