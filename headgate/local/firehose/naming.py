"""The key of a delivered object: evaluated prefix, then the name that nobody can choose.

Decides the name and the time in it. Never decides the prefix. Called by delivery.py. Two objects never
share a key (F08): each carries its own uuid.

Source: Amazon Data Firehose Developer Guide, "Configure Amazon S3 object name format".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from headgate.local.firehose.prefix import RANDOM_STRING_CHARACTERS, Moment, Template


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
