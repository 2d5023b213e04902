"""Our two handlers with more and more events in one invocation."""

import importlib
import sys
from collections.abc import Callable

from bench.cases import ingest_ours, transform_ours
from bench.environment import APP

REQUEST_EVENTS = (1, 10, 100, 500)
BATCH_EVENTS = (1, 10, 100, 1_000, 10_000)


def prepare(url: str) -> dict[str, Callable[[], object]]:
    del url  # comes in by AWS_ENDPOINT_URL
    sys.path.insert(0, str(APP))
    module = importlib.import_module("app")
    requests = {f"ingest {n}": ingest_ours.task(module.app, n) for n in REQUEST_EVENTS}
    batches = {f"transform {n}": transform_ours.task(module.transform, (n, 1)) for n in BATCH_EVENTS}
    return requests | batches
