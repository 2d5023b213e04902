"""The same with powertools' BatchProcessor, which reports what failed; a Firehose record per event."""

# powertools is only in build/bench.
# mypy: disable-error-code="import-not-found,untyped-decorator"

import json
from collections.abc import Callable
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord

from bench.cases.transform_ours import SHAPES, task

_CALL_RECORDS_MAX = 500

processor = BatchProcessor(event_type=EventType.KinesisDataStreams)
firehose = boto3.client("firehose")
lines: list[dict[str, Any]] = []


def _collect(record: KinesisStreamRecord) -> None:
    for line in record.kinesis.data_as_bytes().splitlines():
        wrapped = {
            "event_id": record.kinesis.partition_key,
            "received_at": record.kinesis.approximate_arrival_timestamp,
            "sequence_number": record.kinesis.sequence_number,
            "event": json.loads(line),
        }
        lines.append({"Data": json.dumps(wrapped) + "\n"})


def transform(event: dict[str, Any], context: Any) -> Any:
    lines.clear()
    answer = process_partial_response(
        event=event, record_handler=_collect, processor=processor, context=context
    )
    for at in range(0, len(lines), _CALL_RECORDS_MAX):
        firehose.put_record_batch(
            DeliveryStreamName="headgate-prod-curated", Records=lines[at : at + _CALL_RECORDS_MAX]
        )
    return answer


def prepare(url: str) -> dict[str, Callable[[], object]]:
    del url  # comes in by AWS_ENDPOINT_URL
    return {name: task(transform, shape) for name, shape in SHAPES.items()}
