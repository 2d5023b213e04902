"""The handler of Chalice's and Kinesis's tutorials: json_body, json.dumps, a default client; no checks."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from chalice import Chalice

from bench.cases.ingest_ours import SIZES, task

app = Chalice(app_name="tutorial")
kinesis = boto3.client("kinesis")


@app.route("/v1", methods=["POST"])  # type: ignore[untyped-decorator]  # Chalice has no types
def post_v1() -> dict[str, Any]:
    body = app.current_request.json_body
    if isinstance(body, list):
        answer = kinesis.put_records(StreamName="headgate-prod", Records=[_record(event) for event in body])
        return {"FailedRecordCount": answer["FailedRecordCount"], "Records": answer["Records"]}
    answer = kinesis.put_record(StreamName="headgate-prod", **_record(body))
    return {"SequenceNumber": answer["SequenceNumber"], "ShardId": answer["ShardId"]}


def _record(event: dict[str, Any]) -> dict[str, Any]:
    return {"Data": json.dumps(event) + "\n", "PartitionKey": str(uuid.uuid4())}


def prepare(url: str) -> dict[str, Callable[[], object]]:
    del url  # comes in by AWS_ENDPOINT_URL
    return {str(size): task(app, size) for size in SIZES}
