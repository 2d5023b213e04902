"""app.py as Lambda calls it, from environment.APP: strict JSON for all events, a schema for some."""

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from bench.environment import APP
from bench.events import CHECKED_TYPE, UNCHECKED_TYPE, Context, body, gateway_event, lines

SIZES = (1, 100, 500)
_NDJSON = "application/x-ndjson"


def prepare(url: str) -> dict[str, Callable[[], object]]:
    del url  # comes in by AWS_ENDPOINT_URL
    os.environ["_HANDLER"] = "app.app"
    sys.path.insert(0, str(APP))
    app = importlib.import_module("app").app
    plain = {str(size): task(app, size) for size in SIZES}
    checked = {f"schema {size}": task(app, size, CHECKED_TYPE) for size in SIZES}
    ndjson = {f"NDJSON {size}": call(app, size, gateway_event(lines(size), _NDJSON)) for size in SIZES[1:]}
    return plain | checked | ndjson


def task(app: Any, size: int, event_type: str = UNCHECKED_TYPE) -> Callable[[], object]:
    """A POST of so many events to a handler that answers as ours does; shared by all contestants."""
    return call(app, size, gateway_event(body(size, event_type)))


def call(app: Any, size: int, event: dict[str, Any]) -> Callable[[], object]:
    """One request, after its answer was checked once."""
    context = Context()
    answer = app(event, context)
    said = json.loads(answer["body"])
    assert answer["statusCode"] == 200, answer  # noqa: PLR2004
    assert len(said["Records"] if size > 1 else [said["SequenceNumber"]]) == size
    return lambda: app(event, context)
