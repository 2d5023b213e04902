"""What the tests of the two use cases are made of: requests, batches, and the use cases on fakes."""

from base64 import b64encode
from collections.abc import Mapping
from itertools import count
from typing import Any

import orjson

from chalicelib.curate import Hook
from chalicelib.decode import Rules
from chalicelib.gateway import Answer, Request
from chalicelib.hook import hook as no_hook
from chalicelib.ingest import Ingest
from chalicelib.packing import partition_key
from chalicelib.ports import Stream
from chalicelib.schemas import Schemas
from chalicelib.transform import Transform
from tests.fakes import FakeBucket, FakeClock, FakeCounter, FakeFirehose

ANY = Rules(Schemas({}))
STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/headgate-dev"
ARRIVAL_S = 1_700_000_000.25  # 2023-11-14T22:13:20.250Z


def make_request(body: bytes, query: Mapping[str, str] | None = None, /, **headers: str) -> Request:
    """A POST; `content_type="…"` is the header content-type."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", named, query or {}, body, "request-1")


def sent_with(content_type: str, coding: str = "") -> dict[str, str]:
    """The headers of a body."""
    return {"content-type": content_type, "content-encoding": coding}


def make_ingest(
    stream: Stream, clock: FakeClock | None = None, rules: Rules = ANY, pack_bytes: int = 25_600
) -> Ingest:
    """The use case on fakes; its fresh ids are id-1, id-2, … and its jitter is always half."""
    clock = clock or FakeClock()
    numbers = count(1)
    return Ingest(
        stream, rules, pack_bytes, clock.now, clock.sleep, lambda: 0.5, lambda: f"id-{next(numbers)}"
    )


def post(
    ingest: Ingest, request: Request, seconds: float = 60.0, counter: FakeCounter | None = None
) -> Answer:
    """The answer to a request that has so many seconds."""
    return ingest(request, ingest.now() + seconds, counter or FakeCounter())


def body_of(answer: Answer) -> Any:
    """The JSON of an answer."""
    return orjson.loads(answer.body)


def make_record(
    data: bytes, number: int = 1, key: str = "key", arrival_s: float = ARRIVAL_S
) -> dict[str, Any]:
    """One record as Lambda gets it, from a producer of ours: `key` is its id."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key(key),
            "sequenceNumber": str(number),
            "data": b64encode(data).decode(),
            "approximateArrivalTimestamp": arrival_s,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/transform",
        "awsRegion": "us-east-1",
        "eventSourceARN": STREAM_ARN,
    }


def make_batch(*datas: bytes) -> dict[str, Any]:
    """A batch of one shard; its sequence numbers start at 95, its ids are key-95, key-96, …"""
    return {"Records": [make_record(data, number, f"key-{number}") for number, data in enumerate(datas, 95)]}


def make_transform(
    delivery: FakeFirehose,
    store: FakeBucket,
    hook: Hook = no_hook,
    clock: FakeClock | None = None,
    pack_bytes: int = 25_600,
) -> Transform:
    """The use case on fakes."""
    clock = clock or FakeClock()
    return Transform(
        delivery=delivery,
        store=store,
        bucket="headgate-dev-{account}-{region}",
        hook=hook,
        pack_bytes=pack_bytes,
        version="1.2.3",
        now=clock.now,
        sleep=clock.sleep,
        jitter=lambda: 0.5,
    )


def run(
    transform: Transform, batch: dict[str, Any], seconds: float = 60.0, counter: FakeCounter | None = None
) -> dict[str, Any]:
    """What the transform answers to a batch for which it has so many seconds."""
    return transform(batch, transform.now() + seconds, counter or FakeCounter())
