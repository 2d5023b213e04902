"""`python -m bench.cost`: what a million events of 300 bytes cost at list prices, by the way they are sent.

Counts what is billed (requests, GB-seconds, rounded bytes) and multiplies: arithmetic, not a measurement.

PRICES are list prices of us-east-1, first tier, without free tier. They change and differ by region: they
must be checked at the pages named before a figure is relied on.
"""

import sys
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from bench.table import Goal, judge, show

_MILLION = 1_000_000
_GB = 1024**3


class Price(NamedTuple):
    """Dollars for one unit."""

    dollars: float
    unit: str
    source: str
    seen: str = "2026-11"


PRICES = {
    "gateway": Price(3.50 / _MILLION, "REST API request", "aws.amazon.com/api-gateway/pricing"),
    "lambda request": Price(0.20 / _MILLION, "request", "aws.amazon.com/lambda/pricing"),
    "lambda": Price(0.0000166667, "GB-second, x86", "aws.amazon.com/lambda/pricing"),
    "kinesis": Price(0.08 / _GB, "byte in, on-demand", "aws.amazon.com/kinesis/data-streams/pricing"),
    "kinesis read": Price(0.04 / _GB, "byte out, on-demand", "aws.amazon.com/kinesis/data-streams/pricing"),
    "firehose": Price(0.029 / _GB, "byte in", "aws.amazon.com/firehose/pricing"),
    "egress": Price(0.09 / _GB, "byte to the internet", "aws.amazon.com/ec2/pricing/on-demand"),
}
EVENT_BYTES = 300
MEMORY_GB = 0.5
_KINESIS_STEP_BYTES = 1024  # on-demand rounds a record up to 1 KB. Source: Kinesis Data Streams pricing
_FIREHOSE_STEP_BYTES = 5 * 1024  # Firehose rounds a record up to 5 KB. Source: Data Firehose pricing
_RECEIPT_BYTES = 110  # of an answer, per event
_HEAD_BYTES = 400  # of an answer


@dataclass(frozen=True)
class Way:
    """How a million events are sent."""

    name: str
    events_per_request: int
    events_per_record: int
    billed_s: float  # of Lambda per request: its CPU at 512 MB and the round trip to Kinesis; assumed


# What 512 MB take: 13 ms for one event, 36 ms for 500 (6.5 ms of CPU at a full core, and 30 ms on the way).
WAYS = (
    Way("one PutRecord each through the API", 1, 1, 0.013),
    Way("batches of 100, packed into records", 100, 84, 0.0205),
    Way("batches of 500, not packed", 500, 1, 0.0365),
    Way("batches of 500, packed into records", 500, 84, 0.0365),
)


def dollars(way: Way) -> dict[str, float]:
    """The price of a million events by what is billed: the API, the stream, the archive's Firehose."""
    requests = _MILLION / way.events_per_request
    records = _MILLION / way.events_per_record
    answer_bytes = _HEAD_BYTES + _RECEIPT_BYTES * way.events_per_request
    record_bytes = way.events_per_record * (EVENT_BYTES + 1)
    stream_bytes = records * _rounded(record_bytes, _KINESIS_STEP_BYTES)
    return {
        "API Gateway": requests * PRICES["gateway"].dollars,
        "Lambda": requests
        * (PRICES["lambda request"].dollars + way.billed_s * MEMORY_GB * PRICES["lambda"].dollars),
        "answers": requests * answer_bytes * PRICES["egress"].dollars,
        "Kinesis": stream_bytes * (PRICES["kinesis"].dollars + PRICES["kinesis read"].dollars),
        "Firehose raw": records * _rounded(record_bytes, _FIREHOSE_STEP_BYTES) * PRICES["firehose"].dollars,
    }


def _rounded(size_bytes: int, step_bytes: int) -> int:
    return ceil(size_bytes / step_bytes) * step_bytes


def main() -> int:
    """Print the table; 0 if the goal is met."""
    priced = {way.name: dollars(way) for way in WAYS}
    parts = list(next(iter(priced.values())))
    print("Dollars for a million events of 300 bytes, us-east-1 list prices of 2026-11: check them")
    rows = [
        (name, *(f"{paid[part]:.3f}" for part in parts), f"{sum(paid.values()):.3f}")
        for name, paid in priced.items()
    ]
    show(("", *parts, "all"), rows)
    one_each, *_, batches = (sum(paid.values()) for paid in priced.values())
    return judge([Goal("price, batches of 500 / one PutRecord each", batches / one_each, 0.03)])


if __name__ == "__main__":
    sys.exit(main())
