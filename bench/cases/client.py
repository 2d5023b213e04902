"""One PutRecords call by several clients: the default, ours, and bench/thin_client.py."""

import os
import sys
from collections.abc import Callable

import boto3

from bench.environment import APP
from bench.thin_client import Keys, ThinKinesis

# Records in a call, bytes in each: a single event, 500 events packed, 500 events not packed.
SHAPES = {"1x300": (1, 300), "6x25600": (6, 25_600), "500x300": (500, 300)}
_STREAM = "headgate-prod"


def prepare(url: str) -> dict[str, Callable[[], object]]:
    sys.path.insert(0, str(APP))
    # Only now is it known from where.
    from chalicelib.aws import kinesis_stream  # noqa: PLC0415
    from chalicelib.ports import Entry  # noqa: PLC0415

    default, ours = boto3.client("kinesis"), kinesis_stream(_STREAM)
    thin = ThinKinesis(url, "us-east-1", Keys.of(os.environ))

    def tasks(shape: str, count: int, size: int) -> dict[str, Callable[[], object]]:
        data, key = b"x" * size, "1-6b0106aa-564ff161eb854d7e8dc44aba/0"
        records, entries, pairs = (
            [{"Data": data, "PartitionKey": key}] * count,
            [Entry(data, key)] * count,
            [(data, key)] * count,
        )
        return {
            f"default {shape}": lambda: default.put_records(StreamName=_STREAM, Records=records),
            f"ours {shape}": lambda: ours.put(entries),
            f"thin {shape}": lambda: thin.put_records(_STREAM, pairs),
        }

    return {name: task for shape, what in SHAPES.items() for name, task in tasks(shape, *what).items()}
