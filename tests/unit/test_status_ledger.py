"""DESIGN I1: the ledger adds up, and says what is in flight and what is missing."""

from headgate.readers.span import Span
from headgate.status.ledger import Accepted, Held, Late, add_up
from headgate.status.screen import buckets, chart
from headgate.status.tails import Tails, digest_of

LATE = Late(archive_s=60.0, curated_s=100.0)
NOW_S = 1000.0


def _line(number: int, age_s: float = 500.0, text: bytes = b"x", *, is_blank: bool = False) -> Accepted:
    return Accepted((str(number), f"id-{number}"), NOW_S - age_s, (digest_of(text),), is_blank)


def _held(
    archive: int = 0,
    curated: tuple[int, ...] = (),
    quarantine: tuple[int, ...] = (),
    dropped: tuple[int, ...] = (),
) -> Held:
    return Held(
        {digest_of(b"x"): archive},
        {(str(n), f"id-{n}") for n in curated},
        {(str(n), f"id-{n}"): "Code" for n in quarantine},
        {(str(n), f"id-{n}"): "Reason" for n in dropped},
    )


def test_a_line_that_is_everywhere_leaves_nothing_open() -> None:
    lines = [_line(1), _line(2), _line(3, is_blank=True), _line(4)]
    figures = add_up(lines, _held(4, curated=(1,), quarantine=(2,), dropped=(4,)), NOW_S, LATE)
    assert (figures.accepted, figures.archived, figures.curated) == (4, 4, 1)
    assert dict(figures.quarantined) == {"Code": 1}
    assert dict(figures.dropped) == {"BlankLine": 1, "Reason": 1}
    assert (figures.balance, figures.in_flight) == (0, 0)


def test_a_young_line_is_in_flight_and_an_old_one_is_missing() -> None:
    figures = add_up([_line(1, age_s=59.0), _line(2, age_s=61.0)], _held(), NOW_S, LATE)
    assert (figures.to_archive.in_flight, figures.to_archive.missing) == (1, 1)
    assert (figures.to_transform.in_flight, figures.to_transform.missing) == (2, 0)
    assert figures.to_archive.oldest_s == 61.0
    assert figures.balance == 1
    assert (figures.to_archive.missing_ids, figures.to_transform.missing_ids) == (["id-2"], [])


def test_the_missing_ids_are_the_oldest_ones_and_not_more_than_a_screen_holds() -> None:
    figures = add_up([_line(n, age_s=100.0 + n) for n in range(1, 200)], _held(), NOW_S, LATE)
    assert (figures.to_archive.missing, len(figures.to_archive.missing_ids)) == (199, 20)
    assert figures.to_archive.missing_ids[0] == "id-199"


def test_of_lines_with_the_same_bytes_as_many_are_archived_as_lie_there() -> None:
    figures = add_up([_line(n, age_s=10.0 * n) for n in range(1, 6)], _held(3), NOW_S, LATE)
    assert (figures.archived, figures.to_archive.oldest_s) == (3, 20.0)


def test_a_copy_in_curated_does_not_stand_for_another_line() -> None:
    figures = add_up([_line(1), _line(2)], _held(2, curated=(1,)), NOW_S, LATE)
    assert (figures.curated, figures.balance) == (1, 1)


def test_lines_of_records_without_a_line_end_are_told_apart_in_the_archive() -> None:
    tails, known = Tails(), [digest_of(line) for line in (b'{"c":3}', b"a whole line")]
    for data in (b'{"a":1}', b"first\nlast", b'{"c":3}\n', b"a"):
        tails.learn(data)
    apart = tails.splitter(known).apart
    assert apart(b'{"a":1}{"a":1}{"c":3}') == [b'{"a":1}', b'{"a":1}', b'{"c":3}']
    assert apart(b"last") == [b"last"]
    assert apart(b"alasta whole line") == [b"a", b"last", b"a whole line"]
    assert apart(b"a whole line") == [b"a whole line"]
    assert apart(b"unknown") == [b"unknown"]
    assert apart(b"an unknown") == [b"an unknown"]
    assert apart(b"") == [b""]
    assert apart(b"last" * 5000) == [b"last"] * 5000


def test_the_chart_has_one_column_for_each_part_of_the_range() -> None:
    lines = [_line(n, age_s=age_s) for n, age_s in enumerate((99.0, 98.0, 97.0, 50.0, 0.5))]
    counts = buckets(lines, Span(NOW_S - 100, NOW_S), columns=4)
    assert counts == [3, 0, 1, 1]
    assert chart(counts) == "█ ▃▃"
    assert chart([0, 0]) == "  "
