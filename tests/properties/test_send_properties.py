"""The sender's invariants over many inputs: nothing is lost, nothing invented, no error that is not meant."""

import codecs
import csv
import io
import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import limits
from headgate.contract.connection import HttpAnswer, NoAnswer
from headgate.send import celltypes, csvrows, ndjsonrows
from headgate.send.batches import BatchLimits, RequestBatch, make_batches
from headgate.send.csvrows import Dialect
from headgate.send.deliver import Dependencies, Taken, deliver
from headgate.send.encoding import Detector, UndecodableError
from headgate.send.jsonrows import BrokenJsonError, JsonRows
from headgate.send.rows import BadRow, EventRow
from tests.contract_cases import RECEIPT, records

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
seeded = settings(derandomize=True, deadline=None, max_examples=150)


@seeded
@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1)
    ),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_what_a_csv_writer_wrote_is_read_back_whole_s01(
    table: list[list[str]], newline: str, delimiter: str, encoding: str
) -> None:
    names = tuple(f"c{place}" for place in range(len(table[0])))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows(table)
    data = text.getvalue().encode(encoding)
    detector = Detector()
    detector.feed(data)
    file = io.TextIOWrapper(io.BytesIO(data), detector.choose().encoding, newline="")
    rows = list(csvrows.read(file.readline, Dialect(delimiter)))
    assert [list(json.loads(row.event).values()) for row in rows if isinstance(row, EventRow)] == table


@seeded
@given(text=st.text(st.sampled_from('ab,"\r\n\0\x1e;'), max_size=60), header=st.booleans())
def test_any_text_gives_rows_in_order_and_every_event_is_json_s02(text: str, *, header: bool) -> None:
    dialect = Dialect(header=header, fields=None if header else ("x", "y"))
    rows = list(csvrows.read(io.StringIO(text, newline="").readline, dialect))
    assert all(one.number < other.number and one.line < other.line for one, other in pairwise(rows))
    assert all(isinstance(json.loads(row.event), dict) for row in rows if isinstance(row, EventRow))


@seeded
@given(lines=st.lists(st.binary(max_size=20).filter(lambda b: b"\n" not in b)), event_type=st.none() | TEXT)
def test_any_bytes_give_one_row_for_each_line_that_is_not_blank(
    lines: list[bytes], event_type: str | None
) -> None:
    rows = list(ndjsonrows.read(io.BytesIO(b"\n".join(lines)).readline, event_type))
    first = [line.removeprefix(codecs.BOM_UTF8) for line in lines[:1]] + lines[1:]
    assert len(rows) == sum(bool(line.strip(b" \t\r\n")) for line in first)


def json_rows(text: bytes, step: int) -> list[EventRow | BadRow]:
    file = io.BytesIO(text)
    return list(JsonRows(lambda limit: file.read(min(limit, step))).rows())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@seeded
@given(
    values=st.lists(JSON, max_size=6),
    indent=st.none() | st.integers(0, 3),
    ascii_only=st.booleans(),
    step=st.integers(1, 40),
)
def test_an_array_in_any_layout_and_in_any_blocks_gives_its_elements(
    values: list[Any], indent: int | None, step: int, *, ascii_only: bool
) -> None:
    rows = json_rows(json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode(), step)
    assert [json.loads(row.event) for row in rows if isinstance(row, EventRow)] == values
    assert [row.number for row in rows] == list(range(1, len(values) + 1))
    assert not any(b"\n" in row.event for row in rows if isinstance(row, EventRow))


@seeded
@given(
    text=st.lists(st.sampled_from([*(bytes([c]) for c in b'[]{},:"\\ \n1a'), b"{}", b'"a"'])).map(b"".join),
    step=st.integers(1, 9),
)
def test_any_text_taken_for_json_gives_rows_or_says_where_it_breaks_whatever_the_blocks(
    text: bytes, step: int
) -> None:
    ends = []
    for each in (step, 1 << 20):
        try:
            ends.append(json_rows(text, each))
        except BrokenJsonError as error:
            ends.append([BadRow(0, 0, "", str(error), "")])
    assert ends[0] == ends[1]


@seeded
@given(data=st.binary(max_size=40), declared=st.sampled_from([None, "utf-8", "cp949", "utf-16", "latin-1"]))
def test_any_bytes_are_decoded_whole_by_the_choice_or_refused_s01(data: bytes, declared: str | None) -> None:
    detector = Detector(declared)
    for place in range(len(data)):
        detector.feed(data[place : place + 1])
    try:
        choice = detector.choose()
    except UndecodableError:
        return
    decoder = codecs.getincrementaldecoder(choice.encoding)()
    pieces = [decoder.decode(data[place : place + 1]) for place in range(len(data))]
    assert "".join([*pieces, decoder.decode(b"", final=True)]) == data.decode(choice.encoding)


@seeded
@given(
    cell=TEXT | st.text("0123456789+-.,eE ", max_size=10), kind=st.sampled_from(["string", *celltypes.KINDS])
)
def test_any_cell_becomes_valid_json_or_is_refused_s05(cell: str, kind: str) -> None:
    encode = celltypes.encoder("time:%Y-%m-%d" if kind.startswith("time") else kind)
    try:
        text = encode(cell)
    except ValueError:
        assert kind != "string"
        return
    value = json.loads(text, parse_constant=pytest.fail)
    assert kind != "string" or value == cell
    assert "\n" not in text


@seeded
@given(number=st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_every_digit_s05(number: Decimal) -> None:
    text = celltypes.number(str(number))
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == number
    comma = celltypes.decimal_comma(str(number).replace(".", ","))
    assert comma == text


SIZES = st.lists(st.integers(2, 60) | st.just(limits.EVENT_MAX_BYTES + 1), max_size=40)


@seeded
@given(sizes=SIZES, events=st.integers(1, 8), size_bytes=st.integers(1, 120))
def test_batches_hold_every_row_once_in_order_within_their_limits_k05(
    sizes: list[int], events: int, size_bytes: int
) -> None:
    rows = [EventRow(number, number, b"x" * size) for number, size in enumerate(sizes, 1)]
    out = list(make_batches(rows, "f", BatchLimits(events, size_bytes)))
    batches = [each for each in out if isinstance(each, RequestBatch)]
    bad = [each.number for each in out if isinstance(each, BadRow)]
    sent = [row.number for batch in batches for row in batch.rows]
    assert sent == sorted(sent)
    assert sorted(sent + bad) == [row.number for row in rows]
    assert all(len(batch.rows) <= events for batch in batches)
    assert all(len(batch.body) < size_bytes or len(batch.rows) == 1 for batch in batches)
    assert len({batch.key for batch in batches}) == len(batches)


def contract(batch: RequestBatch, bad: set[int], largest: int) -> HttpAnswer:
    """The endpoint's answer when nothing fails: 413, 400 with every bad event, or receipts."""
    if len(batch.body) > largest:
        return HttpAnswer(413, b"{}")
    indexes = [index for index, row in enumerate(batch.rows) if row.number in bad]
    if indexes:
        said: dict[str, Any] = {"Code": "InvalidEvent", "Errors": [{"Index": index} for index in indexes]}
        return HttpAnswer(400, json.dumps(said).encode())
    return HttpAnswer(200, records(*[RECEIPT] * len(batch.rows)))


@seeded
@given(
    count=st.integers(1, 12),
    bad=st.sets(st.integers(1, 12)),
    largest=st.integers(3, 80),
    faults=st.lists(st.sampled_from(["lost before", "lost after", "429", "503", ""]), max_size=10),
)
def test_every_row_ends_once_and_a_second_run_makes_no_new_ids_d08_s03(
    count: int, bad: set[int], largest: int, faults: list[str]
) -> None:
    stored: dict[str, bytes] = {}  # by event id, as the endpoint makes it
    copies = 0

    def post(batch: RequestBatch) -> HttpAnswer | NoAnswer:
        nonlocal copies
        fault = faults.pop(0) if faults else ""
        if fault == "lost before":
            return NoAnswer("ConnectionLost", "", connected=True)
        if fault.isdigit():
            return HttpAnswer(int(fault), b"{}")
        answer = contract(batch, bad, largest)
        if answer.status == 200:
            for index, row in enumerate(batch.rows):
                assert stored.setdefault(f"{batch.key}/{index}", row.event) == row.event
                copies += 1
        return NoAnswer("Timeout", "", connected=True) if fault else answer

    dependencies = Dependencies(
        post=post,
        now=lambda: 0.0,
        sleep=lambda _: None,
        jitter=lambda: 0.0,
        observe=lambda _: None,
        retry_for_s=60,
        call_s=1,
    )
    batch = RequestBatch(tuple(EventRow(n, n, b"x" * (n % 7 + 2)) for n in range(1, count + 1)), "f")
    for _ in range(2):
        ends = list(deliver(batch, dependencies))
        rejected = {end.number for end in ends if isinstance(end, BadRow)}
        taken = sum(end.events for end in ends if isinstance(end, Taken))
        assert taken + len(rejected) == count
        too_large = {row.number for row in batch.rows if len(row.event) > largest}
        assert rejected == {n for n in bad if n <= count} | too_large
        assert len(stored) == taken
    assert copies >= 2 * len(stored)
