"""The limits of Kinesis Data Streams that the local stand-in holds, each with its unit and source.

Decides numbers only. Every other module of this package reads them; none has a limit of its own.

Source: Kinesis Data Streams Developer Guide, "Quotas and limits" and "Handle large records";
API Reference, the operation named beside each number.
"""

MIB = 1024 * 1024

RECORD_BYTES = MIB  # data + partition key, of a stream that UpdateMaxRecordSize has not touched
RECORD_MAX_KIB = 10_240  # UpdateMaxRecordSize
RECORD_MIN_KIB = 1_024  # UpdateMaxRecordSize
PUT_RECORDS = 500  # PutRecords
PUT_BYTES = 10 * MIB  # PutRecords, keys included; 5 MiB until October 2025
PARTITION_KEY_CHARS = 256  # PutRecord
LAST_HASH_KEY = 2**128 - 1  # PutRecord, ExplicitHashKey

GET_RECORDS = 10_000  # GetRecords, Limit
GET_BYTES = 10 * MIB  # GetRecords
ITERATOR_MS = 300_000  # GetShardIterator: five minutes
TOKEN_MS = 300_000  # ListShards, NextToken

SHARD_IN_BYTES_PER_S = MIB
SHARD_IN_RECORDS_PER_S = 1_000
SHARD_OUT_BYTES_PER_S = 2 * MIB
SHARD_GETS_PER_S = 5  # GetRecords; GetShardIterator has the same limit of its own

RETENTION_MIN_H = 24
RETENTION_MAX_H = 8_760

SHARDS_PER_ACCOUNT = 20_000  # us-east-1, provisioned
SHARDS_PER_STREAM = 10_000  # UpdateShardCount
SHARDS_ON_DEMAND = 4  # a new on-demand stream
ON_DEMAND_STREAMS = 50  # DescribeLimits, OnDemandStreamCountLimit
RESCALES_PER_DAY = 10  # UpdateShardCount, rolling 24 hours
DAY_MS = 86_400_000
HOUR_MS = 3_600_000

TAGS_PER_STREAM = 50  # AddTagsToStream
LIST_STREAMS = 100  # ListStreams, default of Limit
DESCRIBE_SHARDS = 100  # DescribeStream, default of Limit
LIST_SHARDS = 1_000  # ListShards, default of MaxResults and its ceiling
LIST_MAX = 10_000  # ListStreams, DescribeStream: greatest Limit
