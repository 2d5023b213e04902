"""What the contestants are given: events of 300 bytes in API Gateway's and Lambda's shapes, and a schema."""

import json
from base64 import b64encode
from typing import Any

EVENT_BYTES = 300
CHECKED_TYPE = "page-view"  # has SCHEMA; UNCHECKED_TYPE has none
UNCHECKED_TYPE = "page-hit"
SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",  # the newest that fastjsonschema knows
    "type": "object",
    "required": ["type", "user", "path", "ms", "at"],
    "properties": {
        "type": {"const": CHECKED_TYPE},
        "user": {"type": "integer", "minimum": 0},
        "path": {"type": "string", "pattern": "^/"},
        "ms": {"type": "number", "minimum": 0},
        "at": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "pad": {"type": "string"},
    },
    "additionalProperties": False,
}


def event(number: int, event_type: str = UNCHECKED_TYPE) -> dict[str, Any]:
    """An event whose compact JSON has EVENT_BYTES bytes."""
    made = {
        "type": event_type,
        "user": 1_000_000 + number,
        "path": "/products/42?from=start",
        "ms": 17.25,
        "at": "2026-11-21T03:00:00.123Z",
        "tags": ["a", "b", "c"],
        "pad": "",
    }
    made["pad"] = "x" * (EVENT_BYTES - len(compact(made)))
    return made


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def body(events: int, event_type: str = UNCHECKED_TYPE) -> bytes:
    """One event as an object, several as an array."""
    made = [event(i, event_type) for i in range(events)]
    return compact(made[0] if events == 1 else made)


def lines(events: int) -> bytes:
    """Events as NDJSON, which is what `headgate send` posts."""
    return b"\n".join(compact(event(i)) for i in range(events))


def gateway_event(text: bytes, content_type: str = "application/json") -> dict[str, Any]:
    """A POST /v1 as a REST API hands it to Lambda. Source: API Gateway, proxy integration, input format."""
    headers = {
        "Accept": "*/*",
        "Content-Type": content_type,
        "Host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "curl/8.5.0",
        "X-Amzn-Trace-Id": "Root=1-6b0106aa-564ff161eb854d7e8dc44aba",
        "X-Api-Key": "0123456789012345678901234567890123456789",
        "X-Forwarded-For": "192.0.2.7",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return {
        "resource": "/v1",
        "path": "/v1",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": "/v1",
            "httpMethod": "POST",
            "path": "/prod/v1",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "requestTimeEpoch": 1795230000000,
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.7", "userAgent": "curl/8.5.0"},
            "apiId": "a1b2c3d4e5",
        },
        "body": text.decode(),
        "isBase64Encoded": False,
    }


def kinesis_event(records: int, lines_per_record: int) -> dict[str, Any]:
    """A batch of one shard as Lambda hands it over. Source: Lambda, Kinesis event."""
    return {"Records": [_kinesis_record(i, lines_per_record) for i in range(records)]}


def _kinesis_record(number: int, lines: int) -> dict[str, Any]:
    data = b"".join(compact(event(number * lines + i)) + b"\n" for i in range(lines))
    sequence_number = str(49680416544624823492066690877073337177865628260291837954 + number)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": f"1-6b0106aa-564ff161eb854d7e{number:08x}",
            "sequenceNumber": sequence_number,
            "data": b64encode(data).decode(),
            "approximateArrivalTimestamp": 1795230000.123
            + number / 1000,  # a shard takes 1,000 records a second
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/headgate-prod-transform",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/headgate-prod",
    }


class Context:
    """Lambda's context, as much of it as the contestants read."""

    function_name = "bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:bench"
    aws_request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

    def get_remaining_time_in_millis(self) -> int:
        """Enough for anything here."""
        return 20_000
