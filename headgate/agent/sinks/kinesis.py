"""A Kinesis stream: PutRecords, one record per unit.

The partition key is the mark of Headgate's producers and the event id of the record's first line, so that a
record that is sent again keeps its id. With DETERMINISTIC it is the original's, and carries no id.
"""

import hashlib
import json
from binascii import b2a_base64

from chalicelib.packing import explicit_hash_key, partition_key
from headgate.agent import kpl
from headgate.agent.batching import Unit
from headgate.agent.config.model import Flow
from headgate.agent.sinks.records import Put, RecordSink


def kinesis_sink(flow: Flow, put: Put) -> RecordSink:
    """PutRecords to the flow's stream."""
    start = b'{"StreamName":%b,"Records":[' % json.dumps(flow.destination).encode()
    return RecordSink(
        put, start, lambda unit: _record(flow, unit), member="Records", receipt="SequenceNumber"
    )


def _record(flow: Flow, unit: Unit) -> bytes:
    data, key = unit.data, partition_key(unit.id)
    if flow.deterministic_keys:
        key = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if flow.kpl:
        data = kpl.aggregate([kpl.KplRecord(key, line) for line in unit.lines])
    record = b'{"Data":"%b","PartitionKey":"%b"' % (b2a_base64(data, newline=False), key.encode())
    if unit.ordering is not None:
        record += b',"ExplicitHashKey":"%b"' % explicit_hash_key(unit.ordering).encode()
    return record + b"}"
