"""JSON Schema per event type: which schema an event has and every way in which it breaks it.

A type's schema is the one named by the slug of its name; no schema, no check. Compiled once, never fetches
anything, and matches patterns in linear time. Files are read by config; this only takes their texts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from chalicelib import limits
from chalicelib.errors import EventError, Fatal

_NOT_SLUG = re.compile(r"[\W_]+")


def slug(event_type: str) -> str:
    """Return a type's file name without `.json`: lower case, `-` for what is no letter or digit."""
    return _NOT_SLUG.sub("-", event_type.casefold()).strip("-")


class Schemas:
    """The compiled schemas of a stage."""

    def __init__(self, texts: Mapping[str, str], *, only_known: bool = False) -> None:
        """`texts`: slug to schema (Draft 2020-12 unless it says otherwise). Raises Fatal naming bad ones."""
        self._only_known = only_known
        self._validators: dict[str, Any] = {}
        bad: list[str] = []
        for name, text in texts.items():
            if slug(name) != name:
                bad.append(f"{name}.json: no event has this type's file; call it {slug(name)}.json")
                continue
            try:
                self._validators[name] = _compiled(text)
            except ValueError as error:
                bad.append(f"{name}.json: {str(error).splitlines()[0]}")
        if bad:
            raise Fatal("InternalError", f"Schemas that cannot be used: {'; '.join(bad)}")

    def __bool__(self) -> bool:
        """Return whether there is anything to check."""
        return self._only_known or bool(self._validators)

    def check(self, event_type: str | None, value: dict[str, Any], index: int) -> list[EventError]:
        """Return the violations, up to ERRORS_PER_EVENT_MAX, each with its pointer; [] for a valid event."""
        validator = self._validators.get(slug(event_type)) if event_type else None
        if validator is None:
            return [_unknown(index)] if self._only_known else []
        try:
            violations = (
                EventError(index, "SchemaViolation", pointer, message)
                for error in validator.iter_errors(value)
                for pointer, message in _places(error)
            )
            return list(islice(violations, limits.ERRORS_PER_EVENT_MAX))
        except (TypeError, ValueError):  # what Python holds and the library does not: absurd numbers
            message = "The event has a number that cannot be checked against the schema."
            return [EventError(index, "SchemaViolation", "", message)]


def _compiled(text: str) -> Any:
    import jsonschema_rs  # noqa: PLC0415 - a twelfth of a cold start, for stages that have schemas

    return jsonschema_rs.validator_for(
        text,
        validate_formats=True,
        offline=True,
        mask="the value",
        pattern_options=jsonschema_rs.RegexOptions(),
    )


def _unknown(index: int) -> EventError:
    return EventError(index, "UnknownType", "/type", "This stage takes only types that have a schema.")


def _places(error: Any) -> Iterator[tuple[str, str]]:
    """Yield pointer and message of each place that one error of the library means."""
    unexpected = getattr(error.kind, "unexpected", None)
    options = getattr(error.kind, "options", None)
    if unexpected is not None:  # the library names the properties in the message; the pointer should
        for name in unexpected:
            yield _pointer([*error.instance_path, name]), "the property is not allowed here"
    elif options is not None:  # the library cuts the list after two
        yield _pointer(error.instance_path), f"the value is not one of {options!r}"
    else:
        yield _pointer(error.instance_path), str(error.message)


def _pointer(path: Sequence[str | int]) -> str:
    """Return the JSON Pointer of a path, or of its nearest ancestor within POINTER_MAX_CHARS."""
    pointer = ""
    for token in path:
        longer = f"{pointer}/{str(token).replace('~', '~0').replace('/', '~1')}"
        if len(longer) > limits.POINTER_MAX_CHARS:
            break
        pointer = longer
    return pointer
