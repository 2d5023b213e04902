"""The stream reader of the whole project: nothing else lists shards or opens iterators.

Used by the readers, the replay, the local Firehose's stream source and the local event-source poller.
"""

from headgate.records.model import SHARD_END, KinesisClient, Pace, Position, Record, ShardBatch
from headgate.records.reader import StreamReader

__all__ = ["SHARD_END", "KinesisClient", "Pace", "Position", "Record", "ShardBatch", "StreamReader"]
