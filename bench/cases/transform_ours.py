"""app.py's `transform` as Lambda calls it: strict JSON, envelope, hook, packed records to Firehose."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from bench.environment import APP
from bench.events import Context, kinesis_event

# Records in a batch, lines in each: one event per record, and packed as our ingest and agent write them.
SHAPES = {"100x1": (100, 1), "1000x1": (1000, 1), "12x84": (12, 84)}


def prepare(url: str) -> dict[str, Callable[[], object]]:
    del url  # comes in by AWS_ENDPOINT_URL
    os.environ["_HANDLER"] = "app.transform"
    sys.path.insert(0, str(APP))
    handler = importlib.import_module("app").transform
    return {name: task(handler, shape) for name, shape in SHAPES.items()}


def task(handler: Any, shape: tuple[int, int]) -> Callable[[], object]:
    """One batch to a handler that says what is to come again; shared by all contestants."""
    event, context = kinesis_event(*shape), Context()
    assert handler(event, context) == {"batchItemFailures": []}
    return lambda: handler(event, context)
