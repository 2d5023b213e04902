"""The event for the function, and the documents for the on-failure destination."""

import json
from uuid import UUID

import pytest

from headgate.local.event_source.destination import metadata, s3_document, s3_key
from headgate.local.event_source.event import ENVELOPE_BYTES, lambda_event, overhead_bytes, record_bytes
from headgate.local.event_source.lane import Batch, Discard
from headgate.records import Record
from tests.event_source_cases import ARRIVAL_S, SHARD, STREAM_ARN, mapping_of, record_of

NUMBER = "49545115243490985018280067714973144582180062593244200961"


def test_the_event_is_shaped_as_aws_documents_it() -> None:
    record = Record(NUMBER, "1", b"Hello, this is a test.", 1545084650.987)
    assert lambda_event(mapping_of(), SHARD, [record]) == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "1",
                    "sequenceNumber": NUMBER,
                    "data": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
                    "approximateArrivalTimestamp": 1545084650.987,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{SHARD}:{NUMBER}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/transform",
                "awsRegion": "us-east-1",
                "eventSourceARN": STREAM_ARN,
            }
        ]
    }


@pytest.mark.parametrize("key", ["k", 'quote"', "\x01\x02", "주문", "x" * 256])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000])
def test_the_weight_of_a_batch_is_the_length_of_its_json(key: str, size: int) -> None:
    mapping = mapping_of()
    records = [Record(NUMBER, key, b"\xff" * size, 1_700_000_000.123)] * 3
    event = lambda_event(mapping, SHARD, records)
    written = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
    weight = ENVELOPE_BYTES + sum(record_bytes(record, overhead_bytes(mapping, SHARD)) for record in records)
    assert weight == len(written) + len(",")


def discard_of(*, invokes: int = 3, function_error: bool = True) -> Discard:
    records = (record_of(99, data=b"bad", arrival_s=ARRIVAL_S), record_of(100, arrival_s=ARRIVAL_S + 0.5))
    batch = Batch(records, invokes=invokes, function_error=function_error)
    return Discard(batch, "RetryAttemptsExhausted")


def test_t05_the_document_in_s3_holds_the_whole_event_as_json_text() -> None:
    document = s3_document(mapping_of(), SHARD, discard_of(), ARRIVAL_S + 60, "an-id")
    event = json.loads(document.pop("payload"))
    assert event == lambda_event(mapping_of(), SHARD, discard_of().batch.records)
    assert document == {
        "requestContext": {
            "requestId": "an-id",
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:transform",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": "2023-11-14T22:14:20.000Z",
        "KinesisBatchInfo": {
            "shardId": SHARD,
            "startSequenceNumber": "99",
            "endSequenceNumber": "100",
            "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20.000Z",
            "approximateArrivalOfLastRecord": "2023-11-14T22:13:20.500Z",
            "batchSize": 2,
            "streamArn": STREAM_ARN,
        },
    }


def test_t05_sqs_and_sns_would_get_no_payload() -> None:
    assert "payload" not in metadata(mapping_of(), SHARD, discard_of(), ARRIVAL_S, "an-id")


def test_a_reported_item_failure_is_not_a_function_error() -> None:
    document = metadata(mapping_of(), SHARD, discard_of(function_error=False), ARRIVAL_S, "an-id")
    assert "functionError" not in document["responseContext"]


def test_records_that_never_reached_the_function_have_no_response() -> None:
    document = metadata(mapping_of(), SHARD, discard_of(invokes=0), ARRIVAL_S, "an-id")
    assert "responseContext" not in document


def test_the_key_names_mapping_shard_day_and_second() -> None:
    object_id = str(UUID(int=7))
    assert (
        s3_key(mapping_of(), SHARD, ARRIVAL_S, object_id)
        == f"aws/lambda/the-mapping/{SHARD}/2023/11/14/2023-11-14T22.13.20-{object_id}"
    )
