"""The local Kinesis as one object: an operation's name and request in, its answer out.

Decides which operations there are and which of them run under the lock as a whole. Never parses HTTP and
never opens the store's file: the endpoint and the composition root do. Safe for any number of threads.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from headgate.local.kinesis import describe, get, put, reshard, stream_operations, tags
from headgate.local.kinesis.state import State
from headgate.local.kinesis.store import RecordStore
from headgate.local.kinesis.throttle import ShardThrottle, Throttle
from headgate.local.wire import AwsError

Operation = Callable[[State, dict[str, Any]], dict[str, Any]]

# These take the lock themselves, for as short as they can.
_HOT: dict[str, Operation] = {
    "PutRecord": put.put_record,
    "PutRecords": put.put_records,
    "GetRecords": get.get_records,
    "GetShardIterator": get.get_shard_iterator,
}
_LOCKED: dict[str, Operation] = {
    "AddTagsToStream": tags.add_tags,
    "CreateStream": stream_operations.create_stream,
    "DecreaseStreamRetentionPeriod": stream_operations.decrease_retention,
    "DeleteStream": stream_operations.delete_stream,
    "DescribeLimits": describe.describe_limits,
    "DescribeStream": describe.describe_stream,
    "DescribeStreamSummary": describe.describe_stream_summary,
    "IncreaseStreamRetentionPeriod": stream_operations.increase_retention,
    "ListShards": describe.list_shards,
    "ListStreams": describe.list_streams,
    "ListTagsForResource": tags.list_tags_of_resource,
    "ListTagsForStream": tags.list_tags,
    "MergeShards": reshard.merge_shards,
    "RemoveTagsFromStream": tags.remove_tags,
    "SplitShard": reshard.split_shard,
    "StartStreamEncryption": stream_operations.start_encryption,
    "StopStreamEncryption": stream_operations.stop_encryption,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateMaxRecordSize": stream_operations.update_max_record_size,
    "UpdateShardCount": reshard.update_shard_count,
    "UpdateStreamMode": stream_operations.update_stream_mode,
}


class KinesisService:
    """Kinesis Data Streams for one account and region, over an open store that the caller closes."""

    def __init__(
        self,
        store: RecordStore,
        clock: Callable[[], float],
        *,
        throttle: Throttle | None = None,
        transition_s: float = 0.0,
        account: str = "123456789012",
        region: str = "us-east-1",
    ) -> None:
        """Serve what `store` holds. Raises LocalError when its contents cannot be read.

        `clock` gives epoch seconds; `throttle` replaces the limits of AWS; `transition_s` is how long
        CREATING, UPDATING and DELETING last.
        """
        self._state = State(store, clock, throttle or ShardThrottle(), transition_s, account, region)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation. Raises AwsError for every refusal, also for a file that fails."""
        try:
            hot = _HOT.get(operation)
            if hot is not None:
                return hot(self._state, request)
            locked = _LOCKED.get(operation)
            if locked is None:
                raise AwsError(
                    "UnknownOperationException", f"The local Kinesis has no operation {operation}."
                )
            with self._state.lock:
                return locked(self._state, request)
        except sqlite3.Error as error:
            raise AwsError(
                "InternalFailureException", f"The file of the local Kinesis fails: {error}", 500
            ) from error
