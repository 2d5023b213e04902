"""The functions' process of the local run: app.py behind Chalice's server and behind the event source poller.

What Lambda and API Gateway are on AWS. Sets the stage's environment before it imports app.py, as Lambda does.
Started by the supervisor.
"""

import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chalice.config import Config
from chalice.local import LambdaContext

from headgate.local.clients import client
from headgate.local.errors import LocalError
from headgate.local.event_source.mapping import EventSourceMapping
from headgate.local.event_source.poller import EventSourcePoller
from headgate.local.event_source.store import CheckpointStore
from headgate.local.faults.layer import FaultLayer
from headgate.local.front import Front
from headgate.local.function import Function
from headgate.local.options import ACCOUNT, Options
from headgate.local.process import Running, Tell, run_child
from headgate.settings import load_config, load_settings

_DRAIN_S = 120.0
_HANDLER = "transform"
_WINDOW_MAX_S = 1  # on AWS the window saves invocations; here it would only keep a person waiting


def start(fields: dict[str, Any], tell: Tell) -> Running:
    """Import app.py, serve it, and begin to poll."""
    options = Options.of(fields)
    os.environ.update(fields["variables"])
    sys.path.insert(0, options.root)
    module: Any = importlib.import_module("app")
    config = Config(options.stage, config_from_disk=load_config(Path(options.root)))
    front = Front(
        module.app,
        config,
        options.port,
        fields["api_key"],
        load_settings(Path(options.root), options.stage).cors_origins,
    )
    poller = _poller(options, fields["url"], Function(module.transform, Path(options.root), tell), config)
    poller.start()
    front.begin()

    def close() -> Mapping[str, Any]:
        return {"finished": front.stop()}

    def drain() -> Mapping[str, Any]:
        try:
            return {"drained": poller.drain(_DRAIN_S)}
        except Exception as error:
            raise LocalError(_sentence(error)) from error

    def failure() -> str | None:
        return _sentence(poller.failure) if poller.failure else None

    return Running({"port": front.port}, {"close": close, "drain": drain}, failure)


def _sentence(error: Exception) -> str:
    return f"The transform gets no more records: {type(error).__name__}: {error}"


def _poller(options: Options, endpoint_url: str, transform: Function, config: Config) -> EventSourcePoller:
    plan = options.plan()
    stream_arn = f"arn:aws:kinesis:{options.region}:{ACCOUNT}:stream/{plan.stream['Name']}"
    kinesis = client("kinesis", endpoint_url, options.region)
    summary = kinesis.describe_stream_summary(StreamARN=stream_arn)["StreamDescriptionSummary"]
    mapping = EventSourceMapping.from_cloudformation({**plan.mapping, "EventSourceArn": stream_arn})
    mapping = mapping.of_stream(summary["StreamCreationTimestamp"].timestamp())
    scoped = config.scope(options.stage, _HANDLER)
    memory_mb, timeout_s = scoped.lambda_memory_size or 512, scoped.lambda_timeout or 60

    def invoke(event: dict[str, Any], seconds: float) -> object:
        return transform.invoke(event, LambdaContext(_HANDLER, memory_mb, round(seconds * 1000)), seconds)

    return EventSourcePoller(
        replace(mapping, batching_window_s=min(mapping.batching_window_s, options.buffer_s, _WINDOW_MAX_S)),
        kinesis,
        client("s3", endpoint_url, options.region),
        FaultLayer(options.faults).invoke(invoke, timeout_s),
        CheckpointStore(options.folder / "poller.sqlite"),
        retention_s=plan.stream["RetentionPeriodHours"] * 3600.0,
        log=lambda text: print(f"transform: {text}", file=sys.stderr, flush=True),
    )


if __name__ == "__main__":
    run_child(start)
