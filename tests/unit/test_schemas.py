"""A type's schema finds every violation, names its place, and never fetches or hangs (D10, I6)."""

import time

import pytest

from chalicelib import jsontext, limits
from chalicelib.errors import EventError, Fatal
from chalicelib.schemas import Schemas, slug

TIP = """{"type": "object", "required": ["value"], "properties": {
  "type": true, "value": {"type": "string", "maxLength": 3}, "at": {"format": "date-time"},
  "kind": {"enum": ["a", "b", "c"]}, "list": {"items": {"type": "integer"}}
}, "additionalProperties": false}"""


def places(found: list[EventError]) -> list[str]:
    return sorted(error.pointer for error in found)


@pytest.mark.parametrize(
    ("event_type", "name"),
    [
        ("Tip 3", "tip-3"),
        ("access_log", "access-log"),
        ("  A..B//C ", "a-b-c"),
        ("../../etc/passwd", "etc-passwd"),
        ("주문.생성", "주문-생성"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("///", ""),
    ],
)
def test_the_slug_of_a_type_is_a_plain_file_name(event_type: str, name: str) -> None:
    assert slug(event_type) == name


def test_every_violation_is_found_with_its_pointer() -> None:
    value = {"value": 12, "at": "yesterday", "kind": "z", "list": [1, "x", 2.5], "extra": 1, "a/b~c": 2}
    found = Schemas({"tip": TIP}).check("TIP", value, 4)
    assert places(found) == ["/at", "/a~1b~0c", "/extra", "/kind", "/list/1", "/list/2", "/value"]
    assert {(error.index, error.code) for error in found} == {(4, "SchemaViolation")}


def test_i10_a_message_never_repeats_the_value() -> None:
    value = {"value": "hunter2", "kind": "hunter2", "at": "hunter2", "list": ["hunter2"]}
    assert not [error for error in Schemas({"tip": TIP}).check("tip", value, 0) if "hunter2" in error.message]


def test_a_required_field_is_named_in_the_message() -> None:
    (error,) = Schemas({"tip": TIP}).check("tip", {}, 0)
    assert (error.pointer, '"value"' in error.message) == ("", True)


def test_the_choices_of_an_enum_are_all_named() -> None:
    (error,) = Schemas({"tip": TIP}).check("tip", {"value": "x", "kind": "z"}, 0)
    assert error.message == "the value is not one of ['a', 'b', 'c']"


def test_d10_a_type_without_a_schema_passes_unless_the_stage_only_takes_known_ones() -> None:
    for event_type in ("other", "", None):
        assert Schemas({"tip": TIP}).check(event_type, {"x": 1}, 0) == []
        (error,) = Schemas({"tip": TIP}, only_known=True).check(event_type, {"x": 1}, 3)
        assert (error.index, error.code, error.pointer) == (3, "UnknownType", "/type")


def test_whether_there_is_anything_to_check() -> None:
    assert not Schemas({})
    assert Schemas({}, only_known=True)
    assert Schemas({"tip": TIP})


def test_i6_the_violations_and_their_pointers_are_bounded() -> None:
    found = Schemas({"tip": TIP}).check("tip", {"value": "x", **{f"{n}" * 300: n for n in range(99)}}, 0)
    assert len(found) == limits.ERRORS_PER_EVENT_MAX
    assert max(len(error.pointer) for error in found) <= limits.POINTER_MAX_CHARS


def test_g12_every_schema_that_cannot_be_used_is_named_in_one_message() -> None:
    with pytest.raises(Fatal) as caught:
        Schemas(
            {
                "good": TIP,
                "not-json": "{",
                "no-type": '{"type": "strnig"}',
                "far": '{"$ref": "http://x.test/y"}',
            }
        )
    assert all(f"{name}.json" in caught.value.message for name in ("not-json", "no-type", "far"))
    assert "good.json" not in caught.value.message


def test_i6_a_pattern_that_backtracks_takes_linear_time() -> None:
    schemas = Schemas({"t": '{"properties": {"a": {"pattern": "^(a+)+$"}}}'})
    started_s = time.process_time()
    assert len(schemas.check("t", {"a": "a" * 100_000 + "!"}, 0)) == 1
    assert time.process_time() - started_s < 2


def test_i6_a_pattern_that_needs_a_backtracking_engine_is_refused_at_init() -> None:
    with pytest.raises(Fatal, match=r"t\.json"):
        Schemas({"t": '{"properties": {"a": {"pattern": "^(?=a)(a+)+$"}}}'})


@pytest.mark.parametrize(
    "number", [b"1e400", b"-1e99999999999999999999", b"7" * 5000, b"123456789012345678901234567890"]
)
def test_d02_d03_a_number_of_any_size_meets_a_schema_without_a_crash(number: bytes) -> None:
    schemas = Schemas({"t": '{"properties": {"n": {"type": "number", "minimum": 0, "multipleOf": 0.5}}}'})
    value = jsontext.loads_exact(b'{"n":' + number + b"}")
    assert isinstance(schemas.check("t", value, 0), list)


def test_a_schema_whose_name_no_type_has_is_refused_with_the_name_to_give_it() -> None:
    with pytest.raises(Fatal, match=r"Tip 3\.json: .* call it tip-3\.json"):
        Schemas({"Tip 3": TIP})
