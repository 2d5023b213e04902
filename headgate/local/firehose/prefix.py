"""The key of a delivered object: its prefix, checked once and evaluated for each object, and its name.

Decides what Prefix and ErrorOutputPrefix mean (F02, F03) and which moment stands in an object's name. Pure:
the moment and the random text come in as arguments. Two objects never share a key (F08): each carries its
own uuid. Called by destination.py when a delivery stream is made, by object_file.py for each object.

Source: Amazon Data Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects", "Configure
Amazon S3 object name format".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from headgate.local.firehose.java_time import PatternError, compile_pattern

# Source: the guide's semantic rules: "greater than 512 characters after they're evaluated".
EVALUATED_MAX_CHARACTERS = 512
# Source: the guide, the namespace `firehose`.
RANDOM_STRING_CHARACTERS = 11

_DEFAULT_TIME = "!{timestamp:yyyy/MM/dd/HH/}"
_EXPRESSION = re.compile(r"!\{(?P<namespace>[A-Za-z]+):(?P<value>[^{}]+)\}")
# The longest English names of month and weekday: a Wednesday in September.
_LONGEST_MOMENT = datetime(2026, 9, 30, 23, 59, 59, tzinfo=UTC)


class PrefixError(ValueError):
    """The prefix breaks a rule of Firehose; the message says which."""


@dataclass(frozen=True)
class Moment:
    """What an expression may ask for; `at` is already in the delivery stream's time zone."""

    at: datetime
    random_string: Callable[[], str]
    error_output_type: str = ""


Part = Callable[[Moment], str]


@dataclass(frozen=True)
class Template:
    """A checked prefix."""

    parts: tuple[Part, ...]

    def evaluate(self, moment: Moment) -> str:
        """Return the text in front of the object's name; every expression sees the same moment."""
        return "".join(part(moment) for part in self.parts)


def data_template(prefix: str) -> Template:
    """Check Prefix (empty: none given). Raises PrefixError."""
    if "!{firehose:error-output-type}" in prefix:
        raise PrefixError("Prefix cannot contain !{firehose:error-output-type}.")
    return _bounded("Prefix", prefix if "!{timestamp:" in prefix else prefix + _DEFAULT_TIME)


def error_template(error_output_prefix: str, prefix: str) -> Template:
    """Check ErrorOutputPrefix (empty: none given) beside its Prefix. Raises PrefixError."""
    if not error_output_prefix and "!{" in prefix:
        raise PrefixError("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.")
    if "!{" not in error_output_prefix:
        literal = error_output_prefix or prefix
        if literal and not literal.endswith("/"):
            # The guide's last example: myFirehosePrefix gives myFirehosePrefix/processing-failed/2018/08/27/.
            literal += "/"
        return _bounded("ErrorOutputPrefix", literal + "!{firehose:error-output-type}/" + _DEFAULT_TIME)
    if "!{firehose:error-output-type}" not in error_output_prefix:
        raise PrefixError(
            "ErrorOutputPrefix with expressions must contain !{firehose:error-output-type} at least once."
        )
    return _bounded("ErrorOutputPrefix", error_output_prefix)


def _bounded(field: str, text: str) -> Template:
    template = Template(tuple(_parts(field, text)))
    longest = Moment(_LONGEST_MOMENT, lambda: "x" * RANDOM_STRING_CHARACTERS, "format-conversion-failed")
    if len(template.evaluate(longest)) > EVALUATED_MAX_CHARACTERS:
        raise PrefixError(f"{field} is longer than {EVALUATED_MAX_CHARACTERS} characters when evaluated.")
    return template


def _parts(field: str, text: str) -> list[Part]:
    parts: list[Part] = []
    end = 0
    for expression in _EXPRESSION.finditer(text):
        parts += [_literal(field, text[end : expression.start()]), _expression(field, expression)]
        end = expression.end()
    parts.append(_literal(field, text[end:]))
    return parts


def _literal(field: str, text: str) -> Part:
    if "!{" in text:
        raise PrefixError(f"{field}: the sequence !{{ can only appear in !{{namespace:value}} expressions.")
    return lambda _: text


def _expression(field: str, expression: re.Match[str]) -> Part:
    match expression["namespace"], expression["value"]:
        case "timestamp", pattern:
            try:
                write = compile_pattern(pattern)
            except PatternError as error:
                raise PrefixError(f"{field}: {expression[0]} is not supported: {error}.") from error
            return lambda moment: write(moment.at)
        case "firehose", "random-string":
            return lambda moment: moment.random_string()
        case "firehose", "error-output-type":
            return lambda moment: moment.error_output_type
    # partitionKeyFromQuery and partitionKeyFromLambda need dynamic partitioning, which is not offered here.
    raise PrefixError(f"{field}: {expression[0]} is not supported.")


@dataclass(frozen=True)
class ObjectNaming:
    """What a delivery stream says about its objects' names; `extension` has its dot, or is empty."""

    delivery_stream: str
    version: int
    prefix: Template
    zone: tzinfo
    extension: str


def object_key(
    naming: ObjectNaming, oldest_arrival_s: float, new_uuid: Callable[[], UUID], error_output_type: str = ""
) -> str:
    """Return the key of an object whose oldest record arrived at `oldest_arrival_s` (epoch seconds).

    The name takes the same moment as the prefix, so the two never name different hours.
    """
    at = datetime.fromtimestamp(oldest_arrival_s, tz=naming.zone)
    prefix = naming.prefix.evaluate(Moment(at, lambda: random_string(new_uuid()), error_output_type))
    name = f"{naming.delivery_stream}-{naming.version}-{at:%Y-%m-%d-%H-%M-%S}-{new_uuid()}"
    return f"{prefix}{name}{naming.extension}"


def random_string(fresh: UUID) -> str:
    """Return 11 characters for `!{firehose:random-string}`; AWS's example is the head of a uuid too."""
    return str(fresh)[:RANDOM_STRING_CHARACTERS]
