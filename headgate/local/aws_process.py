"""The AWS process of the local run: one endpoint with our Kinesis, our Firehose and moto behind it.

Everything it acknowledges is on disk. Started by the supervisor; `python -m headgate.local.aws_process` alone
waits for options on stdin.
"""

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from headgate.local.clients import client
from headgate.local.endpoint import Endpoint
from headgate.local.endpoint.wsgi import WSGIApplication
from headgate.local.errors import LocalError
from headgate.local.faults.layer import FaultLayer
from headgate.local.firehose.columnar.convert import converter
from headgate.local.firehose.fleet import FirehoseOptions
from headgate.local.firehose.service import FirehoseService
from headgate.local.firehose.tries import Clients
from headgate.local.kinesis.service import KinesisService
from headgate.local.kinesis.store import RecordStore
from headgate.local.moto_app import make_moto_app
from headgate.local.options import ACCOUNT, Options
from headgate.local.process import Running, Tell, run_child
from headgate.local.provision import provision
from headgate.local.wire import AwsError, Service

DEFAULT_PORT = 4566
_DRAIN_S = 60.0


class _Later:
    """A service whose clients need the endpoint's address, which is known once it listens."""

    service: Service | None = None

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if self.service is None:
            raise AwsError("ServiceUnavailableException", "The local Firehose is still starting.", 503)
        return self.service.call(operation, request)


def start(fields: dict[str, Any], tell: Tell) -> Running:  # noqa: ARG001 - it has nothing to tell
    """Open the stores, listen, make the stage's resources, begin to deliver. Raises LocalError."""
    options = Options.of(fields)
    try:
        return _started(options)
    except sqlite3.Error as error:
        raise LocalError(f"A file in {options.folder} is damaged ({error}): move it away.") from error


def _started(options: Options) -> Running:
    plan = options.plan()
    store = RecordStore(options.folder / "kinesis.sqlite")
    faults = FaultLayer(options.faults)
    kinesis = KinesisService(store, faults.clock(time.time), account=ACCOUNT, region=options.region)
    later = _Later()
    services: dict[str, Service] = {"Kinesis_20131202": kinesis, "Firehose_20150804": later}
    endpoint = _listen(faults.services(services), faults.application(make_moto_app(options.folder)), options)
    clients = {name: client(name, endpoint.url, options.region) for name in ("kinesis", "firehose", "s3")}
    firehose = FirehoseService(
        options.folder / "firehose.sqlite",
        Clients(s3=clients["s3"], kinesis=clients["kinesis"]),
        FirehoseOptions(
            buffer_interval_s=options.buffer_s,
            converter=converter(plan.tables),
            # Where they are made on a stream that has records already, firehose.sqlite was moved away.
            read_whole=frozenset(each["DeliveryStreamName"] for each in plan.deliveries),
        ),
        owner=f"{options.region}:{ACCOUNT}",
    )
    later.service = firehose
    provision(plan, options, **clients)
    firehose.start()
    faults.start(kinesis, plan.stream["Name"])

    def drain() -> Mapping[str, Any]:
        return {"left": firehose.drain(_DRAIN_S)}

    def close() -> Mapping[str, Any]:
        faults.stop()
        endpoint.stop()
        firehose.close()
        store.close()
        return {}

    return Running({"url": endpoint.url}, {"drain": drain, "close": close})


def _listen(services: Mapping[str, Service], fallback: WSGIApplication, options: Options) -> Endpoint:
    """The endpoint on the port that was asked for; a default that is taken moves to a free one."""
    endpoint = Endpoint(services, fallback, DEFAULT_PORT if options.aws_port is None else options.aws_port)
    try:
        endpoint.start()
    except LocalError:
        if options.aws_port is not None:
            raise
        endpoint = Endpoint(services, fallback, 0)
        endpoint.start()
    return endpoint


if __name__ == "__main__":
    run_child(start)
