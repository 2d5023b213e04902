"""The same with powertools: its REST resolver, and `validate` with the schema as its documentation has it."""

# powertools is only in build/bench.
# mypy: disable-error-code="import-not-found,untyped-decorator"

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.utilities.validation import validate

from bench.cases.ingest_ours import SIZES, task
from bench.events import CHECKED_TYPE, SCHEMA

app = APIGatewayRestResolver()
kinesis = boto3.client("kinesis")


@app.post("/v1")
def post_v1() -> dict[str, Any]:
    body: Any = app.current_event.json_body
    events = body if isinstance(body, list) else [body]
    for event in events:
        if event["type"] == CHECKED_TYPE:
            validate(event=event, schema=SCHEMA)
    if body is events:
        answer = kinesis.put_records(StreamName="headgate-prod", Records=[_record(event) for event in events])
        return {"FailedRecordCount": answer["FailedRecordCount"], "Records": answer["Records"]}
    answer = kinesis.put_record(StreamName="headgate-prod", **_record(body))
    return {"SequenceNumber": answer["SequenceNumber"], "ShardId": answer["ShardId"]}


def _record(event: dict[str, Any]) -> dict[str, Any]:
    return {"Data": json.dumps(event) + "\n", "PartitionKey": str(uuid.uuid4())}


def prepare(url: str) -> dict[str, Callable[[], object]]:
    del url  # comes in by AWS_ENDPOINT_URL
    plain = {str(size): task(app.resolve, size) for size in SIZES}
    checked = {f"schema {size}": task(app.resolve, size, CHECKED_TYPE) for size in SIZES[:2]}
    return plain | checked
