"""Which service answers a request, and how a refusal looks to its caller's SDK.

Decides by `X-Amz-Target` alone: `Kinesis_20131202.PutRecord` is operation PutRecord of the service registered
under `Kinesis_20131202`; everything without a registered prefix belongs to moto. Never reads a socket.
Called by endpoint.handler.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import NamedTuple

import orjson

from headgate.local.wire import HttpResponse, Service

# PutRecords takes 10 MiB of data, which is 13.4 MiB as base64.
JSON_BODY_BYTES = 16 * 1024 * 1024
# moto holds a body in memory. AWS takes 5 GiB in one PutObject; SDKs and the CLI send parts of 8 MiB by
# default, and Firehose's largest object is 128 MiB.
OTHER_BODY_BYTES = 256 * 1024 * 1024

_CBOR = ("application/x-amz-cbor", "application/cbor")


class Head(NamedTuple):
    """`headers` by lower-case name, repeated ones joined by commas; `pairs` as they were sent."""

    method: str
    target: str
    headers: dict[str, str]
    pairs: list[tuple[str, str]]


def make_head(method: str, target: str, pairs: Iterable[tuple[str, str]]) -> Head:
    """Collect a request's head."""
    sent = list(pairs)
    headers: dict[str, str] = {}
    for name, value in sent:
        key = name.lower()
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    return Head(method, target, headers, sent)


class Call(NamedTuple):
    """One operation of one of our services."""

    service: Service
    operation: str


def find_call(services: Mapping[str, Service], head: Head) -> Call | None:
    """The operation that a request names, None when it is moto's to answer."""
    prefix, _, operation = head.headers.get("x-amz-target", "").partition(".")
    service = services.get(prefix)
    return Call(service, operation) if service else None


def body_limit_bytes(head: Head) -> int:
    """How much body a request may carry; every JSON protocol of AWS names its target in a header."""
    return JSON_BODY_BYTES if "x-amz-target" in head.headers else OTHER_BODY_BYTES


def is_cbor(services: Mapping[str, Service], head: Head) -> bool:
    """Whether an SDK speaks CBOR to a service of ours (Java SDKs do to Kinesis unless told otherwise)."""
    if not head.headers.get("content-type", "").lower().startswith(_CBOR):
        return False
    return find_call(services, head) is not None or any(
        f"/service/{name}/" in head.target for name in services
    )


def cbor_refusal(head: Head) -> HttpResponse:
    """Tell the owner of a CBOR client which switch makes it speak JSON."""
    message = "CBOR is not supported here: set AWS_CBOR_DISABLE=true (Java: -Daws.cborEnabled=false)."
    return refusal(head, 400, "SerializationException", message)


def refusal(head: Head | None, status: int, code: str, message: str) -> HttpResponse:
    """An error answer in AWS JSON, or in S3's XML for a request that names no target."""
    if head is None or "x-amz-target" in head.headers or is_json(head):
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
        return HttpResponse(status, headers, orjson.dumps({"__type": code, "message": message}))
    text = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    return HttpResponse(
        status, {"Content-Type": "application/xml"}, f'<?xml version="1.0"?>\n{text}'.encode()
    )


def is_json(head: Head) -> bool:
    """Whether the request's own body is one of AWS's JSON or CBOR protocols."""
    content_type = head.headers.get("content-type", "").lower()
    return content_type.startswith(("application/json", "application/x-amz-json", *_CBOR))
