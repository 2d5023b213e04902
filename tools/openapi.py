"""The HTTP contract as an OpenAPI 3 document, made from the codes and limits of the code.

`python -m tools.docs` writes docs/openapi.json from it, and a test holds the two together.
"""

import json
from collections.abc import Iterable
from typing import Any

from chalicelib import limits
from chalicelib.errors import CODES, EVENT_CODES

Json = dict[str, Any]

_TEXT = {"type": "string"}
_X_REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}}


def document() -> Json:
    """The whole document."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Headgate",
            "version": "1",
            "description": "Events in by HTTP. 200 means that Kinesis has returned a sequence number for "
            "every event. Other paths are answered with 404, other methods with 405. See contract.md.",
        },
        "servers": [{"url": "http://127.0.0.1:8000", "description": "the local run"}],
        "security": [{}, {"ApiKey": []}],
        "paths": {"/v1": {"post": _post()}, "/health": {"get": _health()}, "/ready": {"get": _ready()}},
        "components": {
            "securitySchemes": {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
            "headers": {
                "XRequestId": {
                    "required": True,
                    "schema": _TEXT,
                    "description": "Names the request in the logs.",
                }
            },
            "responses": {f"Status{status}": _refusal(status) for status in _statuses()},
            "schemas": _schemas(),
        },
    }


def text() -> str:
    """The document as docs/openapi.json has it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _post() -> Json:
    key = {"minLength": 1, "maxLength": limits.IDEMPOTENCY_KEY_MAX_CHARS, "pattern": "^[ -~]+$", **_TEXT}
    batch = {"type": "array", "minItems": 1, "maxItems": limits.EVENTS_MAX, "items": _ref("Event")}
    return {
        "operationId": "postEvents",
        "summary": "Store events",
        "parameters": [
            {
                "name": "dry_run",
                "in": "query",
                "schema": {"type": "string", "enum": ["0", "1", "true", "false", "yes", "no"]},
                "description": "1, true or yes: check everything, write nothing.",
            },
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": key,
                "description": "Becomes the event id.",
            },
            {"name": "Content-Encoding", "in": "header", "schema": {"enum": ["gzip", "identity"], **_TEXT}},
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"oneOf": [_ref("Event"), batch]},
                    "example": {"value": "30", "type": "Tip 3"},
                },
                "application/x-ndjson": {"schema": _TEXT, "example": '{"a":1}\n{"a":2}\n'},
                "text/plain": {"schema": _TEXT, "example": '{"a":1}'},
                "application/cloudevents+json": {"schema": _ref("CloudEvent")},
                "application/cloudevents-batch+json": {"schema": batch | {"items": _ref("CloudEvent")}},
            },
        },
        "responses": _responses(
            "Stored; or valid, in a dry run.",
            {"oneOf": [_ref("Receipt"), _ref("Receipts"), _ref("Valid")]},
            set(_statuses()) - {404, 405},
        ),
    }


def _health() -> Json:
    up = _object({"Status": {"enum": ["ok"]}, "Version": _TEXT})
    return {
        "operationId": "health",
        "summary": "Answer without touching AWS",
        "security": [{}],
        "responses": _responses("Up.", up, {400, 500}),
    }


def _ready() -> Json:
    return {
        "operationId": "ready",
        "summary": "Prove that the stream is there",
        "security": [{}],
        "responses": _responses("Ready.", _object({"Status": {"enum": ["ready"]}}), {400, 500, 503}),
    }


def _responses(good: str, schema: Json, statuses: Iterable[int]) -> Json:
    first = {
        "description": good,
        "headers": _X_REQUEST_ID,
        "content": {"application/json": {"schema": schema}},
    }
    others = {str(status): {"$ref": f"#/components/responses/Status{status}"} for status in sorted(statuses)}
    return {"200": first, **others}


def _statuses() -> list[int]:
    return sorted({status for status, _ in CODES.values()})


def _refusal(status: int) -> Json:
    """The answer of one status, with the codes that it can carry."""
    codes = {code: meaning for code, (its, meaning) in CODES.items() if its == status}
    headers: Json = dict(_X_REQUEST_ID)
    if status in {429, 503}:
        headers["Retry-After"] = {"required": True, "schema": {"type": "integer", "minimum": 1}}
    elif status == 405:  # noqa: PLR2004 - Method Not Allowed
        headers["Allow"] = {"required": True, "schema": _TEXT}
    narrowed = {"type": "object", "properties": {"Code": {"enum": list(codes)}}}
    return {
        "description": " ".join(f"`{code}`: {meaning}" for code, meaning in codes.items()),
        "headers": headers,
        "content": {"application/json": {"schema": {"allOf": [_ref("Error"), narrowed]}}},
    }


def _schemas() -> Json:
    event_codes = [code for code, meaning in EVENT_CODES.items() if not meaning.startswith("Quarantine only")]
    event_error = {"Index": _number(0), "Code": {"enum": event_codes}, "Pointer": _TEXT, "Message": _TEXT}
    error = {"Code": _TEXT, "Message": _TEXT, "RequestId": _TEXT}
    details = {
        "Errors": {"type": "array", "items": _ref("EventError")},
        "FailedRecordCount": _number(1),
        "Records": {"type": "array", "items": {"oneOf": [_ref("Receipt"), _ref("Failed")]}},
    }
    event = {
        "type": "object",
        "description": f"Any JSON object up to {limits.EVENT_MAX_BYTES} bytes, nested at most "
        f"{limits.DEPTH_MAX} deep. A `type` that is text has at most {limits.TYPE_MAX_CHARS} characters.",
    }
    receipt = {"SequenceNumber": _TEXT, "ShardId": {"pattern": r"^shardId-\d{12}$", **_TEXT}}
    receipts = {"type": "array", "minItems": 1, "maxItems": limits.EVENTS_MAX, "items": _ref("Receipt")}
    text = {"minLength": 1, **_TEXT}
    cloud_event = {
        "type": "object",
        "description": "CloudEvents 1.0, JSON event format; in binary mode the attributes are headers ce-….",
        "required": ["specversion", "id", "source", "type"],
        "properties": {"specversion": {"enum": ["1.0"]}, "id": text, "source": text, "type": text},
    }
    return {
        "Event": event,
        "CloudEvent": cloud_event,
        "Receipt": _object(receipt),
        "Failed": _object({"ErrorCode": _TEXT}),
        "Receipts": _object({"FailedRecordCount": {"enum": [0]}, "Records": receipts}),
        "Valid": _object({"Valid": _number(1)}),
        "EventError": _object(event_error),
        "Error": {"type": "object", "required": list(error), "properties": {**error, **details}},
    }


def _object(properties: Json) -> Json:
    """An object that has exactly these properties."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _number(least: int) -> Json:
    return {"type": "integer", "minimum": least}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
