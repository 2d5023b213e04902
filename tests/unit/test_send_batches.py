"""Rows to batches, and the keys that a later run makes again (failure mode S03)."""

from chalicelib import limits
from headgate.send.batches import BatchLimits, RequestBatch, batch_key, fingerprint, make_batches
from headgate.send.rows import BadRow, EventRow


def rows(*sizes: int) -> list[EventRow | BadRow]:
    return [EventRow(number, number + 1, b"x" * size) for number, size in enumerate(sizes, 1)]


def numbers(batches: list[RequestBatch | BadRow]) -> list[list[int]]:
    return [[row.number for row in batch.rows] for batch in batches if isinstance(batch, RequestBatch)]


def test_a_batch_ends_at_its_number_of_events() -> None:
    assert numbers(list(make_batches(rows(1, 1, 1, 1, 1), "f", BatchLimits(events=2)))) == [
        [1, 2],
        [3, 4],
        [5],
    ]


def test_a_batch_ends_before_its_number_of_bytes_and_line_ends_count() -> None:
    most = BatchLimits(size_bytes=10)
    assert numbers(list(make_batches(rows(4, 4, 4, 20, 1), "f", most))) == [[1, 2], [3], [4], [5]]


def test_the_default_batch_is_what_the_contract_takes() -> None:
    batches = list(make_batches(rows(*[300] * 1200), "f", BatchLimits()))
    assert [len(each) for each in numbers(batches)] == [500, 500, 200]
    assert BatchLimits().events == limits.EVENTS_MAX
    assert BatchLimits().size_bytes <= limits.BODY_MAX_BYTES


def test_an_event_over_the_limit_is_rejected_and_one_at_the_limit_goes() -> None:
    at_limit = rows(limits.EVENT_MAX_BYTES, limits.EVENT_MAX_BYTES + 1)
    batch, bad = reversed(list(make_batches(at_limit, "f", BatchLimits())))
    assert isinstance(batch, RequestBatch)
    assert isinstance(bad, BadRow)
    assert (bad.number, bad.code) == (2, "EventTooLarge")


def test_bad_rows_pass_through_and_the_batch_goes_on() -> None:
    bad = BadRow(2, 3, "RaggedRow", "", "")
    first, _, third = rows(1, 1, 1)
    out = list(make_batches([first, bad, third], "f", BatchLimits()))
    assert out[0] == bad
    assert numbers(out) == [[1, 3]]


def test_rows_are_taken_only_as_batches_are() -> None:
    taken = []

    def endless() -> "object":
        for number in range(1, 1_000_000):
            taken.append(number)
            yield EventRow(number, number, b"{}")

    batches = make_batches(endless(), "f", BatchLimits(events=3))  # type: ignore[arg-type]
    next(batches)
    next(batches)
    assert len(taken) == 6


def test_a_body_is_one_event_a_line() -> None:
    batch = RequestBatch((EventRow(1, 2, b'{"a":1}'), EventRow(2, 3, b"{}")), "f")
    assert (batch.body, batch.content_type) == (b'{"a":1}\n{}', "application/x-ndjson")


def test_a_single_event_is_a_plain_json_object() -> None:
    batch = RequestBatch((EventRow(1, 2, b"{}"),), "f", single=True)
    assert (batch.body, batch.content_type) == (b"{}", "application/json")


def test_a_key_names_the_content_and_the_rows_s03() -> None:
    assert batch_key("f", 501) == "f-501"


def test_rows_missing_in_between_are_part_of_the_key_s03() -> None:
    batch = RequestBatch(tuple(EventRow(n, n, b"") for n in range(1, 9)), "f")
    rest = batch.without({0, 3, 4, 7})
    assert [(part.key, [row.number for row in part.rows]) for part in rest] == [
        ("f-2", [2, 3]),
        ("f-6", [6, 7]),
    ]


def test_the_beginning_of_a_batch_has_the_key_of_the_whole() -> None:
    whole, part = (next(iter(make_batches(rows(*[1] * n), "f", BatchLimits(events=9)))) for n in (9, 4))
    assert isinstance(whole, RequestBatch)
    assert isinstance(part, RequestBatch)
    assert whole.key == part.key == "f-1"


def test_a_key_is_short_printable_ascii_whatever_the_numbers() -> None:
    key = batch_key("p" * 100 + ".999999", 10**15)
    assert len(key) <= limits.IDEMPOTENCY_KEY_MAX_CHARS
    assert key.isascii()
    assert key.isprintable()


def test_a_fingerprint_changes_with_the_content_and_with_what_decides_the_bytes_s03() -> None:
    one = fingerprint("sha", {"encoding": "utf-8"})
    assert one == fingerprint("sha", {"encoding": "utf-8"})
    assert one != fingerprint("other", {"encoding": "utf-8"})
    assert one != fingerprint("sha", {"encoding": "cp949"})


def test_halves_and_the_rest_keep_the_order() -> None:
    batch = RequestBatch(tuple(EventRow(n, n, b"") for n in range(1, 6)), "f")
    first, second = batch.halves()
    assert numbers([first, second]) == [[1, 2], [3, 4, 5]]
    assert numbers([*batch.without({0, 3})]) == [[2, 3], [5]]
    assert batch.without(range(5)) == []
