"""From the texts of agent.json and agent.d to settings, problems and warnings, all of them at once.

Never opens a file: the texts come in. Called at the start, by `--check` and on SIGHUP.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from headgate.agent.config.flow import read_flow
from headgate.agent.config.keys import AGENT_KEYS, Reader
from headgate.agent.config.model import MIB, AgentConfig, Aws, Flow
from headgate.agent.config.target import ReadSecret
from headgate.agent.config.values import DialectError, ValueProblem, parse_object
from headgate.contract.url import url_problem

DEFAULT_STATE_DIR = "/var/lib/headgate-agent"
_DAY_S = 86_400

CheckOptions = Callable[[tuple[dict[str, Any], ...]], object]
"""Builds the converters of a flow, to find their mistakes. Raises ValueProblem."""


class Loaded(NamedTuple):
    """`settings` is None when nothing can run; `problems` of single flows leave the others usable."""

    settings: AgentConfig | None
    problems: list[str]
    warnings: list[str]


def load(
    text: str,
    extra: Mapping[str, str],
    *,
    cores: int,
    check_options: CheckOptions,
    read_secret: ReadSecret,
    strict: bool = False,
) -> Loaded:
    """Read the main text and the texts of agent.d (by file name), of which only `flows` counts."""
    try:
        values = parse_object(text)
    except DialectError as error:
        return Loaded(None, [str(error)], [])
    problems: list[str] = []
    warnings = [f"{key} is not a known key and does nothing" for key in sorted(values.keys() - AGENT_KEYS)]
    warnings += [
        f"{key} does nothing: Java classes cannot be loaded; the credentials are those that boto3 finds"
        for key in sorted(values)
        if key.startswith("userDefinedCredentialsProvider.")
    ]
    read = Reader(values, "", problems)
    strict = read.boolean("strict", strict)
    entries = _entries(values, extra, problems, warnings)
    settings = _settings(read, cores)
    fatal = bool(problems)
    flows = _flows(entries, problems, warnings, strict, check_options, read_secret)
    if not flows and not problems:
        problems.append("there are no flows")
    if fatal or not flows:
        return Loaded(None, problems, warnings)
    return Loaded(settings(flows), problems, warnings)


def _entries(
    values: dict[str, Any], extra: Mapping[str, str], problems: list[str], warnings: list[str]
) -> list[object]:
    flows = values.get("flows", [])
    if not isinstance(flows, list):
        problems.append("flows must be an array")
        return []
    entries: list[object] = list(flows)
    for name, text in extra.items():
        try:
            more = parse_object(text).get("flows", [])
        except DialectError as error:
            warnings.append(f"{name} is ignored: {error}")
            continue
        if isinstance(more, list):
            entries += more
        else:
            warnings.append(f"{name} is ignored: flows is not an array")
    return entries


def _flows(
    entries: list[object],
    problems: list[str],
    warnings: list[str],
    strict: bool,  # noqa: FBT001 - a default handed on
    check_options: CheckOptions,
    read_secret: ReadSecret,
) -> tuple[Flow, ...]:
    """The flows that can run; of two with one id neither can, since they would share their checkpoints."""
    usable: dict[str, Flow] = {}
    doubled: set[str] = set()
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            problems.append(f"flows[{index}] must be an object")
            continue
        flow, wrong, odd = read_flow(entry, index, strict=strict, read_secret=read_secret)
        try:
            check_options(flow.options)
        except ValueProblem as error:
            wrong.append(f"flows[{index}].{error}")
        if not wrong and flow.id in usable:
            wrong.append(f"flows[{index}] has the same id as another flow: {flow.id}")
            doubled.add(flow.id)
        problems += wrong
        warnings += odd
        if not wrong:
            usable[flow.id] = flow
    return tuple(flow for flow in usable.values() if flow.id not in doubled)


def _settings(read: Reader, cores: int) -> Callable[[tuple[Flow, ...]], AgentConfig]:
    """Reads every agent-wide key now; the flows come later."""
    per_core = read.integer("maxSendingThreadsPerCore", 12)
    threads = read.integer("maxSendingThreads", max(2, per_core * cores))
    checkpoint_file = read.text("checkpointFile")
    state_dir = read.text("stateDirectory")
    if state_dir is None:
        # Beside the original's file, which must stay what it is: an import may read it.
        state_dir = f"{checkpoint_file}.headgate" if checkpoint_file else DEFAULT_STATE_DIR
    aws = _aws(read, threads)
    arguments: dict[str, Any] = {
        "aws": aws,
        "state_dir": state_dir,
        "import_checkpoints": checkpoint_file or "/var/run/aws-kinesis-agent/checkpoints",
        "checkpoint_ttl_s": float(read.integer("checkpointTimeToLiveDays", 7) * _DAY_S),
        "sending_threads": max(1, threads),
        "shutdown_s": read.seconds("shutdownTimeoutMillis", 10_000),
        "status_period_s": float(read.integer("log.statusReportingPeriodSeconds", 30)),
        "emit_metrics": read.boolean("cloudwatch.emitMetrics", default=True),
        "metrics_namespace": read.text("cloudwatch.namespace") or "AWSKinesisAgent",
        "metrics_period_s": read.seconds("cloudwatch.metricsBufferTimeMillis", 30_000),
        "metrics_queue_size": read.integer("cloudwatch.metricsQueueSize", 10_000),
        "tag_instance": read.boolean("cloudwatch.tagInstance", default=False),
        "buffer_bytes": read.integer("maxBufferedBytes", 4 * MIB, MIB, 1024 * MIB),
        "rejects_max_bytes": read.integer("rejectsMaxBytes", 1024 * MIB, 0, bits=64),
        "http_gzip": read.boolean("useHttpGzip", default=False),
    }
    _read_unused(read)
    return lambda flows: AgentConfig(flows=flows, **arguments)


def _aws(read: Reader, threads: int) -> Aws:
    return Aws(
        access_key_id=read.text("awsAccessKeyId"),
        secret_access_key=read.text("awsSecretAccessKey"),
        role_arn=read.text("assumeRoleARN") or None,
        role_external_id=read.text("assumeRoleExternalId"),
        sts_endpoint=_endpoint(read, "sts.endpoint"),
        kinesis_endpoint=_endpoint(read, "kinesis.endpoint"),
        kinesis_region=read.text("kinesis.region") or None,
        firehose_endpoint=_endpoint(read, "firehose.endpoint"),
        cloudwatch_endpoint=_endpoint(read, "cloudwatch.endpoint"),
        connect_timeout_s=read.seconds("connectionTimeoutMillis", 10_000),
        read_timeout_s=read.seconds("socketTimeoutMillis", 50_000),
        max_connections=read.integer("maxConnections", max(50, threads)),
        tcp_keepalive=read.boolean("useTcpKeepAlive", default=False),
        user_agent=read.text("userAgent"),
        user_agent_override=read.text("userAgentOverride"),
    )


def _endpoint(read: Reader, key: str) -> str | None:
    """A URL, or a host name as with the original."""
    text = read.text(key)
    if not text:
        return None
    problem = url_problem(text if "://" in text else f"https://{text}")
    if problem:
        read.complain(key, problem)
    return text


def _read_unused(read: Reader) -> None:
    """Keys that the original reads and this agent has no use for: a wrong value is a mistake all the same."""
    for key in (
        "checkpoints.queryTimeoutSeconds",
        "checkpoints.connectionTimeoutSeconds",
        "sendingThreadsMaxQueueSize",
    ):
        read.integer(key, 0)
    for key in ("sendingThreadsKeepAliveMillis", "connectionTTLMillis"):
        read.integer(key, 0, bits=64)
    read.boolean("log.emitMetrics", default=False)
