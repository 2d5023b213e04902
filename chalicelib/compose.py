"""The composition root: joins the two use cases with their settings and with what touches the world.

The only place where ingest and transform meet AWS, the clock, randomness and the printer. Called by app.py.
"""

import gc
import random
import time
import uuid
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib import __version__, aws, config, gateway
from chalicelib.config import Settings
from chalicelib.decode import Rules
from chalicelib.errors import Fatal, Transient
from chalicelib.gateway import Answer, Request
from chalicelib.ingest import Ingest
from chalicelib.ports import count_failures
from chalicelib.retry import Success
from chalicelib.schemas import Schemas
from chalicelib.telemetry import Counters

if TYPE_CHECKING:
    from chalicelib.curate import Hook
    from chalicelib.transform import Transform

Event = Mapping[str, Any]

_INGEST_S = 18.0  # below the function's 20 s, which is below the gateway's 29 s
_MARGIN_S = 1.0  # to write the answer and the log line


class Handlers:
    """What app.py calls, one method per route and one for the stream."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rules = Rules(
            Schemas(config.schema_texts(), only_known=settings.only_known_types), settings.ordering_field
        )
        if settings.handler != "app.app":
            self._hook  # noqa: B018 - accessing the cached property builds it
        if settings.handler:
            self._make_clients()

    def post(self, event: Event, context: Any) -> Answer:
        """POST /v1."""
        deadline_s = time.monotonic() + min(_INGEST_S, _remaining_s(context))

        def answer(request: Request, counters: Counters) -> Answer:
            return self._ingest(request, deadline_s, counters)

        return self._answer(event, answer)

    def preflight(self, event: Event) -> Answer:
        """OPTIONS /v1."""
        return self._answer(event, lambda request, _: gateway.preflight(request, self._settings.cors_origins))

    def refuse(self, event: Event) -> Answer:
        """Any other method on /v1."""
        return self._answer(event, lambda request, _: gateway.method_not_allowed(request, "POST"))

    def health(self, event: Event) -> Answer:
        """GET /health."""
        body = {"Status": "ok", "Version": __version__}
        return self._answer(event, lambda request, _: gateway.answered(request.request_id, body))

    def ready(self, event: Event) -> Answer:
        """GET /ready."""
        return self._answer(event, self._readiness)

    def transform(self, event: Event, context: Any) -> dict[str, Any]:
        """Process a batch of the stream. An exception is a fault of ours, and makes Lambda try again."""
        counters = Counters(self._settings.stage, "transform", getattr(context, "aws_request_id", ""))
        try:
            return self._transform(event, time.monotonic() + _remaining_s(context), counters)
        except Exception as error:
            counters.fault(type(error).__name__, _place(error))
            raise
        finally:
            counters.emit()

    def _make_clients(self) -> None:
        """Make the function's own clients now: init has more CPU than the first invocation.

        What init makes stays, so the garbage collector is kept from walking all of it, now and later on.
        """
        gc.disable()
        if self._settings.handler == "app.app":
            self._ingest  # noqa: B018 - accessing the cached property builds it
        elif self._settings.handler == "app.transform":
            self._transform  # noqa: B018 - accessing the cached property builds it
        gc.freeze()
        gc.enable()

    @cached_property
    def _stream(self) -> aws.KinesisStream:
        return aws.kinesis_stream(self._settings.stream)

    @cached_property
    def _ingest(self) -> Ingest:
        return Ingest(
            stream=self._stream,
            rules=self._rules,
            pack_bytes=self._settings.pack_bytes,
            now=time.monotonic,
            sleep=time.sleep,
            jitter=random.random,
            new_id=_new_id,
        )

    @cached_property
    def _hook(self) -> "Hook":
        from chalicelib.hook import hook  # noqa: PLC0415 - ingest neither waits for it nor fails with it

        return hook

    @cached_property
    def _transform(self) -> "Transform":
        from chalicelib.transform import Transform  # noqa: PLC0415 - ingest does not wait for it

        return Transform(
            delivery=aws.delivery_stream(self._settings.delivery_stream),
            store=aws.bucket(),
            bucket=self._settings.bucket,
            hook=self._hook,
            pack_bytes=self._settings.pack_bytes,
            event_as_text=self._settings.event_as_text,
            version=__version__,
            now=time.monotonic,
            sleep=time.sleep,
            jitter=random.random,
        )

    def _readiness(self, request: Request, counters: Counters) -> Answer:
        outcome = self._stream.check(keeps_order=self._settings.ordering_field is not None)
        if isinstance(outcome, Success):
            return gateway.answered(request.request_id, {"Status": "ready"})
        count_failures(counters, "NotReady", [outcome])
        message = "The stream does not answer."
        if outcome.cause == aws.SPREADS_RECORDS:
            message = "The stream has RecordDistributionStrategy AUTO: ordering_field cannot hold."
        return gateway.refused(request.request_id, Transient("Unavailable", message))

    def _answer(self, event: Event, handle: Callable[[Request, Counters], Answer]) -> Answer:
        """Return the answer to a request. A fault of ours is logged, and its client sees only a 500."""
        request = gateway.request_of(event, _new_id)
        counters = Counters(self._settings.stage, "ingest", request.request_id)
        try:
            answer = handle(request, counters)
        except Exception as error:  # noqa: BLE001 - the outermost frame: mapped, logged, counted
            counters.fault(type(error).__name__, _place(error))
            fatal = Fatal(
                "InternalError", "Something went wrong here; it was logged under this request's id."
            )
            answer = gateway.refused(request.request_id, fatal)
        counters.emit()
        return gateway.with_cors(answer, request, self._settings.cors_origins)


def _new_id() -> str:
    return uuid.uuid4().hex


def _remaining_s(context: Any) -> float:
    """Return how many seconds the function has left, less the time that the answer needs."""
    return float(context.get_remaining_time_in_millis()) / 1000 - _MARGIN_S


def _place(error: Exception) -> str:
    """File and line where an error was raised: no text of it, which may hold a client's data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
