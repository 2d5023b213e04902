"""Our local Kinesis Data Streams: `KinesisService(RecordStore(path), clock)`; decision 0001 says why."""

from headgate.local.kinesis.service import KinesisService
from headgate.local.kinesis.store import RecordStore

__all__ = ["KinesisService", "RecordStore"]
