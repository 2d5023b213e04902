"""The package alone.

The unzipped zip under AWS's own runtime client, with an API Gateway and a Kinesis event.
"""

import base64
import json
import tempfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from headgate.settings import environment, load_settings
from tests.infra.deploy_proof.emulator import ACCOUNT, REGION
from tests.infra.deploy_proof.runtime import answered, plain_environment
from tests.infra.deploy_proof.ways import STAGE, Project, expect, say

LINE = b'{"value":"30","type":"Tip 3"}\n'


def package_alone(project: Project, python: Path) -> None:
    """Package, unzip, and run both functions, each in a process that has nothing else."""
    say("the package alone: unzipped, under awslambdaric")
    project.infra("deploy")
    project.infra("package", "--out", "out")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ZipFile(project.root / "out" / "deployment.zip") as zipped:
            zipped.extractall(folder)
        size_mb = sum(path.stat().st_size for path in folder.rglob("*")) / 1_000_000
        say(f"  {size_mb:.1f} MB unzipped")
        variables = plain_environment() | environment(load_settings(project.root, STAGE))
        variables |= {
            key: value for key, value in project.stack.environment().items() if key.startswith("AWS_")
        }
        variables["AWS_REGION"] = REGION
        kind, answer = answered(python, folder, "app.app", api_event(), variables)
        body = json.loads(answer.get("body", "{}"))
        expect(
            f"ingest answers a receipt: {answer.get('statusCode')}", kind == "response" and "ShardId" in body
        )
        kind, answer = answered(python, folder, "app.transform", kinesis_event(), variables)
        expect("the transform takes a batch", (kind, answer) == ("response", {"batchItemFailures": []}))


def api_event() -> dict[str, Any]:
    """Make the proxy event of a POST. Source: Lambda developer guide, input format of a proxy integration."""
    return {
        "resource": "/v1",
        "path": "/v1",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/v1",
            "httpMethod": "POST",
            "path": f"/{STAGE}/v1",
            "requestId": "request-1",
            "stage": STAGE,
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": LINE.decode(),
        "isBase64Encoded": False,
    }


def kinesis_event() -> dict[str, Any]:
    """Make the event of a batch of one record. Source: Lambda developer guide, Kinesis event."""
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/headgate-{STAGE}"
    record = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "event-1",
        "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
        "data": base64.b64encode(LINE).decode(),
        "approximateArrivalTimestamp": 1_545_084_650.987,
    }
    return {
        "Records": [
            {
                "kinesis": record,
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{record['sequenceNumber']}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/r",
                "awsRegion": REGION,
                "eventSourceARN": stream,
            }
        ]
    }
