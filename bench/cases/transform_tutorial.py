"""The transform of the tutorials: KinesisEvent, json, a default client, a Firehose record per event."""

import json
from collections.abc import Callable
from typing import Any

import boto3
from chalice import Chalice

from bench.cases.transform_ours import SHAPES, task

_CALL_RECORDS_MAX = 500

app = Chalice(app_name="tutorial")
firehose = boto3.client("firehose")


@app.on_kinesis_record(stream="headgate-prod")  # type: ignore[untyped-decorator]  # Chalice has no types
def transform(event: Any) -> dict[str, Any]:
    records = []
    for record in event:
        for line in record.data.splitlines():
            wrapped = {
                "event_id": record.partition_key,
                "received_at": record.timestamp.isoformat(),
                "sequence_number": record.sequence_number,
                "event": json.loads(line),
            }
            records.append({"Data": json.dumps(wrapped) + "\n"})
    for at in range(0, len(records), _CALL_RECORDS_MAX):
        firehose.put_record_batch(
            DeliveryStreamName="headgate-prod-curated", Records=records[at : at + _CALL_RECORDS_MAX]
        )
    return {"batchItemFailures": []}


def prepare(url: str) -> dict[str, Callable[[], object]]:
    del url  # comes in by AWS_ENDPOINT_URL
    return {name: task(transform, shape) for name, shape in SHAPES.items()}
