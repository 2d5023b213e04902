"""What the delivery needs of its surroundings: S3, the clocks, chance.

Decides nothing. Everything that a test replaces by a fake is named here.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

from headgate.records import KinesisClient


class S3Client(Protocol):
    """The two operations of boto3's S3 client that delivery needs."""

    def put_object(self, **request: Any) -> Mapping[str, Any]:
        """Store an object."""
        ...

    def list_objects_v2(self, **request: Any) -> Mapping[str, Any]:
        """List objects by prefix."""
        ...


@dataclass(frozen=True)
class Clients:
    """The AWS services that a Firehose reads from and writes to."""

    s3: S3Client
    kinesis: KinesisClient


@dataclass(frozen=True)
class Host:
    """Time and chance: `wall_s` stands in data and names, `monotonic_s` measures waits (A15)."""

    wall_s: Callable[[], float] = time.time
    monotonic_s: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    new_uuid: Callable[[], UUID] = uuid4
