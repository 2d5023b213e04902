"""The documents that Lambda leaves at an on-failure destination for records that it has given up.

Decides the document and its key in S3. Never puts it anywhere; the poller does. Only S3 gets the payload
(T05): what SQS and SNS would get is the same document without it.

Source: Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams event source".
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from headgate.local.event_source.event import lambda_event
from headgate.local.event_source.lane import Discard
from headgate.local.event_source.mapping import EventSourceMapping


def s3_key(mapping: EventSourceMapping, shard_id: str, now_s: float, object_id: str) -> str:
    """Return `aws/lambda/<mapping id>/<shardId>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>`, in UTC."""
    now = datetime.fromtimestamp(now_s, UTC)
    return f"aws/lambda/{mapping.mapping_id}/{shard_id}/{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{object_id}"


def s3_document(
    mapping: EventSourceMapping, shard_id: str, discard: Discard, now_s: float, request_id: str
) -> dict[str, Any]:
    """Return the document with the whole event as JSON text under `payload`."""
    event = orjson.dumps(lambda_event(mapping, shard_id, discard.batch.records)).decode()
    return metadata(mapping, shard_id, discard, now_s, request_id) | {"payload": event}


def metadata(
    mapping: EventSourceMapping, shard_id: str, discard: Discard, now_s: float, request_id: str
) -> dict[str, Any]:
    """Return the document as SQS and SNS would get it: which records, and why, but not the records."""
    batch = discard.batch
    answered: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
    if batch.function_error:
        answered["functionError"] = "Unhandled"
    return {
        "requestContext": {
            "requestId": request_id,
            "functionArn": mapping.function_arn,
            "condition": discard.condition,
            "approximateInvokeCount": batch.invokes,
        },
        **({"responseContext": answered} if batch.invokes else {}),
        "version": "1.0",
        "timestamp": _iso(now_s),
        "KinesisBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": batch.records[0].sequence_number,
            "endSequenceNumber": batch.records[-1].sequence_number,
            "approximateArrivalOfFirstRecord": _iso(batch.records[0].arrival_s),
            "approximateArrivalOfLastRecord": _iso(batch.records[-1].arrival_s),
            "batchSize": len(batch.records),
            "streamArn": mapping.stream_arn,
        },
    }


def _iso(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
