"""Our local Kinesis Data Streams: `KinesisService(Store(path), clock)`; docs/decisions/0001 says why."""

from headgate.local.kinesis.service import KinesisService
from headgate.local.kinesis.store import Store

__all__ = ["KinesisService", "Store"]
