"""A Firehose delivery stream: PutRecordBatch, one record per unit.

Firehose keeps no key, so a copy cannot be told by an id here.
"""

import json
from binascii import b2a_base64

from headgate.agent.batching import Unit
from headgate.agent.config.model import Flow
from headgate.agent.sinks.records import Put, RecordSink


def firehose_sink(flow: Flow, put: Put) -> RecordSink:
    """PutRecordBatch to the flow's delivery stream."""
    start = b'{"DeliveryStreamName":%b,"Records":[' % json.dumps(flow.destination).encode()
    return RecordSink(put, start, _record, member="RequestResponses", receipt="RecordId")


def _record(unit: Unit) -> bytes:
    return b'{"Data":"%b"}' % b2a_base64(unit.data, newline=False)
