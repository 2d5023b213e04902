"""Any record is rows or an error line with the bytes that were sent, whatever happens on the way (I1, I7)."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.jsontext import NotJson, loads
from headgate.local.firehose.buffer import Hints
from headgate.local.firehose.columnar.documents import NotAnObjectError, documents
from headgate.local.firehose.columnar.rows import Row, make_table
from headgate.local.firehose.compress import Refusal
from tests.firehose_columnar_rig import columnar_plan, errors_in, rows_in
from tests.firehose_rig import CrashError, FakeClock, FakeS3, Rig
from tests.json_strategies import EVENTS, OBJECTS, SPACES, VALUES, nearly

STRING = make_table([{"Name": "a", "Type": "string"}], {})
TYPES = ["int", "double", "timestamp", "array<string>", "map<string,struct<a:int>>", "struct<a:array<int>>"]


@settings(derandomize=True, deadline=None, max_examples=120)
@given(SPACES, VALUES, SPACES)
def test_a_string_column_holds_the_text_of_any_value(before: str, value: str, after: str) -> None:
    row = single(f'{{"a":{before}{value}{after}}}'.encode())
    expected = {"null": None}.get(value, loads(value.encode()) if value.startswith('"') else value)
    assert row == (expected,)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(st.lists(st.tuples(OBJECTS, SPACES), min_size=1, max_size=4))
def test_documents_of_one_record_are_told_apart(parts: list[tuple[str, str]]) -> None:
    record = "".join(text + space for text, space in parts).encode()
    found = [{key: exactly(text.decode()) for key, text in each.items()} for each in documents(record)]
    assert found == [exactly(text) for text, _ in parts]


def exactly(text: str) -> Any:
    """The value with its numbers as their text."""
    return json.loads(text, parse_int=str, parse_float=str)


def single(record: bytes) -> Row:
    found = STRING.rows(record)
    assert not isinstance(found, Refusal)
    (row,) = found
    return row


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.one_of(st.binary(max_size=40), nearly(EVENTS)), st.sampled_from(TYPES))
def test_any_bytes_are_rows_or_a_refusal_and_never_an_exception(record: bytes, kind: str) -> None:
    found = make_table([{"Name": "a", "Type": kind}], {}).rows(record)
    assert isinstance(found, Refusal) or found
    assert isinstance(STRING.rows(record), Refusal) == (not _is_objects(record))


def _is_objects(record: bytes) -> bool:
    try:
        return bool(list(documents(record)))
    except (NotJson, NotAnObjectError):
        return False


FAULTS = ["refused", "lost", "crash_before", "crash_after", "ok"]
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.booleans(), min_size=1, max_size=6)),
        st.tuples(
            st.just("fault"), st.sampled_from(["refused", "lost", "crash_before", "crash_after", "ok"])
        ),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=15,
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(ACTIONS, st.sampled_from(["ParquetSerDe", "OrcSerDe"]))
def test_every_row_arrives_once_in_order_and_every_bad_record_at_least_once(
    actions: list[tuple[str, object]], serializer: str
) -> None:
    s3 = FakeS3()
    rig = Rig(FakeClock(), s3, replace(columnar_plan(serializer), hints=Hints(30, 5.0)))
    sent: list[bool] = []
    for action, argument in actions:
        match action, argument:
            case "put", list(goods):
                numbered = list(enumerate(goods, len(sent)))
                rig.put(*(b'{"n":%d}' % n if good else b"bad %d" % n for n, good in numbered))
                sent += goods
            case "fault", str(fault):
                s3.faults.append(fault)
            case "restart", _:
                rig.reopen()
        _survive(rig, drain=False)
    _survive(rig, drain=True)
    rig.close()
    assert [row["n"] for row in rows_in(s3)] == [n for n, good in enumerate(sent) if good]
    errors = [line["record"] for line in errors_in(s3)]
    assert list(dict.fromkeys(errors)) == [b"bad %d" % n for n, good in enumerate(sent) if not good]


def _survive(rig: Rig, *, drain: bool) -> None:
    """Step, or drain; a crash in the middle is followed by a new process."""
    try:
        if drain:
            rig.drain()
        else:
            rig.step()
    except CrashError:
        rig.reopen()
        _survive(rig, drain=drain)
