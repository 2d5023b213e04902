"""The checks that AWS makes from the API's model before an operation sees the request.

Decides type, presence, length, range, pattern and choice of single members, and words the refusal as AWS
does. Never looks at a stream. Called by every operation of this package.

Source: the constraints in botocore's model of Kinesis; Smithy's wording of ValidationException.
"""

import re
from typing import Any

from headgate.local.wire import AwsError

NAME = re.compile(r"[a-zA-Z0-9_.-]+")  # StreamName, ShardId
HASH_KEY = re.compile(r"0|[1-9][0-9]{0,38}")
SEQUENCE_NUMBER = re.compile(r"0|[1-9][0-9]{0,128}")

Request = dict[str, Any]


def text(
    request: Request,
    member: str,
    most_chars: int,
    pattern: re.Pattern[str] | None = None,
    *,
    least_chars: int = 1,
) -> str:
    """Return a member that must be there. Raises ValidationException, SerializationException."""
    value = optional_text(request, member, most_chars, pattern, least_chars=least_chars)
    if value is None:
        raise refusal("null", member, "Member must not be null")
    return value


def optional_text(
    request: Request,
    member: str,
    most_chars: int,
    pattern: re.Pattern[str] | None = None,
    *,
    least_chars: int = 1,
) -> str | None:
    """Return a member that may be absent."""
    value = request.get(member)
    if value is None:
        return None
    if not isinstance(value, str):
        raise not_a("a string", member)
    if len(value) < least_chars:
        raise refusal(value, member, f"Member must have length greater than or equal to {least_chars}")
    if len(value) > most_chars:
        raise refusal(value, member, f"Member must have length less than or equal to {most_chars}")
    if pattern is not None and not pattern.fullmatch(value):
        raise refusal(value, member, f"Member must satisfy regular expression pattern: {pattern.pattern}")
    return value


def integer(request: Request, member: str, least: int, most: int, default: int | None = None) -> int:
    """Return a whole number; without a default it must be there."""
    value = request.get(member)
    if value is None:
        if default is None:
            raise refusal("null", member, "Member must not be null")
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise not_a("an integer", member)
    if value < least:
        raise refusal(value, member, f"Member must have value greater than or equal to {least}")
    if value > most:
        raise refusal(value, member, f"Member must have value less than or equal to {most}")
    return value


def choice(request: Request, member: str, values: tuple[str, ...]) -> str:
    """Return a member that must be one of `values`."""
    value = request.get(member)
    if value is None:
        raise refusal("null", member, "Member must not be null")
    if value not in values:
        raise refusal(value, member, f"Member must satisfy enum value set: [{', '.join(values)}]")
    return str(value)


def timestamp_ms(request: Request, member: str) -> int:
    """Return a time given in epoch seconds as milliseconds."""
    value = request.get(member)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise not_a("a timestamp", member)
    return round(value * 1000)


def listed(request: Request, member: str, least: int, most: int) -> list[Any]:
    """Return a list that must be there, of a length within bounds."""
    value = request.get(member)
    if value is None:
        raise refusal("null", member, "Member must not be null")
    if not isinstance(value, list):
        raise not_a("a list", member)
    if not least <= len(value) <= most:
        bound = f"less than or equal to {most}" if len(value) > most else f"greater than or equal to {least}"
        raise refusal("[...]", member, f"Member must have length {bound}")
    return value


def refusal(value: object, member: str, constraint: str) -> AwsError:
    """Return the ValidationException for one member; a long value is cut."""
    shown = str(value)[:64]
    where = member[:1].lower() + member[1:]
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{shown}' at '{where}' failed to satisfy constraint:"
        f" {constraint}",
    )


def not_a(kind: str, member: str) -> AwsError:
    """Return the SerializationException for a member of the wrong type."""
    return AwsError("SerializationException", f"{member} is not {kind}.")
