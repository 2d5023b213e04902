"""The packer never loses, cuts, mixes or reorders a line, and fills records up to their size (K05, K06)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.packing import event_id, pack

KEYS = st.sampled_from([None, None, "", "a", "b"])
LINES = st.lists(st.tuples(st.binary(max_size=30).map(lambda data: data + b"\n"), KEYS), max_size=30)
PACK_BYTES = st.integers(0, 80)


@given(LINES, PACK_BYTES)
def test_every_line_is_in_one_record_whole_and_in_the_order_of_its_key(
    lines: list[tuple[bytes, str | None]], pack_bytes: int
) -> None:
    packs = pack(lines, pack_bytes)
    assert sorted(index for p in packs for index in p.indexes) == list(range(len(lines)))
    for p in packs:
        assert p.lines == [lines[index][0] for index in p.indexes]
        assert p.data == b"".join(p.lines)
        assert p.size_bytes == len(p.data)
        assert {lines[index][1] for index in p.indexes} == {p.ordering_key}
    for key in {key for _, key in lines}:
        in_order = [index for p in packs if p.ordering_key == key for index in p.indexes]
        assert in_order == [index for index, (_, own) in enumerate(lines) if own == key]


@given(LINES, PACK_BYTES)
def test_a_record_is_over_its_size_only_for_one_line_and_is_not_left_half_empty(
    lines: list[tuple[bytes, str | None]], pack_bytes: int
) -> None:
    packs = pack(lines, pack_bytes)
    assert all(p.size_bytes <= pack_bytes or len(p.lines) == 1 for p in packs)
    assert [p.indexes[0] for p in packs] == sorted(p.indexes[0] for p in packs)
    for key in {p.ordering_key for p in packs}:
        of_key = [p for p in packs if p.ordering_key == key]
        for p, following in pairwise(of_key):
            assert p.size_bytes + len(following.lines[0]) > pack_bytes


@given(LINES)
def test_a_size_of_zero_gives_one_record_per_line(lines: list[tuple[bytes, str | None]]) -> None:
    assert [p.data for p in pack(lines, 0)] == [line for line, _ in lines]


@given(LINES, PACK_BYTES)
def test_i3_the_same_lines_give_the_same_records(
    lines: list[tuple[bytes, str | None]], pack_bytes: int
) -> None:
    assert pack(lines, pack_bytes) == pack(iter(lines), pack_bytes)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_i3_no_two_lines_of_a_request_share_an_id(sizes: list[int]) -> None:
    ids = []
    first = 0
    for size in sizes:
        ids += [event_id(f"key/{first}", number) for number in range(1, size + 1)]
        first += size
    assert len(set(ids)) == len(ids)
