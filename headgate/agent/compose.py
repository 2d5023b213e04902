"""Puts the agent together from its settings: which parts exist, and who knows whom. No rule lives here."""

import logging
import socket
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from headgate.agent.config.model import FIREHOSE, HTTP, AgentConfig, Aws, Flow
from headgate.agent.convert.build import Surroundings, build_chain
from headgate.agent.convert.chain import Chain
from headgate.agent.ec2 import InstanceFacts
from headgate.agent.metrics import Metrics, PutMetricData
from headgate.agent.pipeline import Pipeline
from headgate.agent.rejects import Rejects
from headgate.agent.sending import CallResult, Delivered, Sender
from headgate.agent.sinks.aws import Unusable, is_aws, make_client, send_body
from headgate.agent.sinks.http import HttpSink
from headgate.agent.sinks.probe import probe
from headgate.agent.sinks.records import Sink, firehose_sink, kinesis_sink
from headgate.agent.sqlite_import import import_original, read_original
from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.disk import Disk

_log = logging.getLogger(__name__)
_DEFAULT_REGION = "us-east-1"  # of Firehose and CloudWatch, as with the original
_ROOM_MIN_BYTES = 1024 * 1024

Results = SimpleQueue[CallResult | Delivered]
MakeSink = Callable[[AgentConfig, Flow], Sink]


def make_chain(options: Iterable[dict[str, Any]]) -> Chain:
    """The converters of a flow, on the real clock and the real instance. Raises ValueProblem."""
    listed = list(options)
    ttl_s = next((float(o["metadataTTL"]) for o in listed if isinstance(o, dict) and _is_number(o)), 3600.0)
    return build_chain(listed, Surroundings(lambda: datetime.now(UTC), InstanceFacts(ttl_s)))


def make_pipeline(
    settings: AgentConfig,
    flow: Flow,
    known: dict[str, list[Checkpoint]],
    disk: Disk,
    rejects: Rejects,
) -> Pipeline:
    """A flow with its files; its checkpoints are those of this agent, or else the original's."""
    checkpoints = known.get(flow.id)
    if checkpoints is None:
        checkpoints = _imported(settings, flow, disk)
    host = socket.gethostname() if flow.source_metadata else None
    return Pipeline(
        flow,
        chain=make_chain(flow.options),
        disk=disk,
        known=checkpoints,
        room_bytes=max(_ROOM_MIN_BYTES, settings.buffer_bytes // len(settings.flows)),
        rejects=rejects,
        host=host,
    )


def make_sink(settings: AgentConfig, flow: Flow) -> Sink:
    """The destination of a flow. Raises MissingBoto, or botocore's error when no region is known."""
    aws = settings.aws
    if flow.http is not None:
        return HttpSink(flow.http, timeout_s=aws.read_timeout_s, use_gzip=settings.http_gzip)
    client = make_records_client(aws, flow.kind)
    if flow.kind == FIREHOSE:
        return firehose_sink(flow, send_body(client, "firehose", "PutRecordBatch"))
    return kinesis_sink(flow, send_body(client, "kinesis", "PutRecords"))


def make_records_client(aws: Aws, kind: str) -> Any:
    """Return the client that flows to Kinesis or to Firehose send with. Raises Unusable."""
    if kind == FIREHOSE:
        region = None if aws.firehose_endpoint else _DEFAULT_REGION
        return make_client(aws, "firehose", endpoint=aws.firehose_endpoint, region=region)
    return make_client(aws, "kinesis", endpoint=aws.kinesis_endpoint, region=aws.kinesis_region)


def probe_destination(settings: AgentConfig, flow: Flow) -> str | None:
    """Return what is wrong with a flow's destination, for `--check`; HTTP endpoints are not asked."""
    return None if flow.kind == HTTP else probe(settings.aws, flow, make_records_client)


def make_sender(
    settings: AgentConfig, pipeline: Pipeline, sink: Sink, results: Results, wake: Callable[[], None]
) -> Sender:
    """The threads of a flow."""
    return Sender(pipeline, sink, settings.sending_threads, results, wake)


def make_metrics(settings: AgentConfig) -> Metrics:
    """CloudWatch for flows to AWS; nothing where all flows go by HTTP or metrics are off."""
    put = None
    kinds = {flow.kind for flow in settings.flows} - {HTTP}
    if settings.emit_metrics and kinds:
        try:
            put = _put_metric_data(settings.aws, kinds)
        except Unusable as error:
            _log.warning("no metrics are sent: %s", error)
    instance = None
    if settings.tag_instance:
        facts = InstanceFacts(3600.0)()
        instance = str(facts["instanceId"]) if facts and facts.get("instanceId") else socket.gethostname()
    return Metrics(put, settings.metrics_namespace, settings.metrics_queue_size, instance)


def _put_metric_data(aws: Aws, kinds: set[str]) -> PutMetricData | None:
    """Return the call that sends metrics; None where only the records go to a service that is not AWS's."""
    endpoint = aws.cloudwatch_endpoint
    client = make_client(aws, "cloudwatch", endpoint=endpoint, region=None if endpoint else _DEFAULT_REGION)
    if endpoint is None and is_aws(client.meta.endpoint_url):
        for kind in sorted(kinds):
            if not is_aws(make_records_client(aws, kind).meta.endpoint_url):
                _log.warning(
                    "no metrics are sent: %s goes elsewhere than to AWS; set cloudwatch.endpoint", kind
                )
                return None
    put: PutMetricData = client.put_metric_data
    return put


def _imported(settings: AgentConfig, flow: Flow, disk: Disk) -> list[Checkpoint] | None:
    if settings.import_checkpoints is None:
        return None
    row = read_original(Path(settings.import_checkpoints), flow.id)
    if row is None:
        return None
    try:
        found = import_original(flow, row, disk, datetime.now(UTC).timestamp())
    except OSError as error:
        _log.warning("%s: the checkpoints of the Amazon Kinesis Agent could not be used: %s", flow.id, error)
        return None
    _log.info("%s: %d checkpoints taken over from the Amazon Kinesis Agent", flow.id, len(found))
    return found


def _is_number(option: dict[str, Any]) -> bool:
    value = option.get("metadataTTL")
    return isinstance(value, int) and not isinstance(value, bool)
