"""The settings of the agent and of one flow, after every default and check.

Times are seconds, sizes bytes. `AgentConfig` is what load.py makes and everything else reads.
"""

from dataclasses import dataclass, field
from typing import Any

from headgate.agent.config.fileglob import FilePattern
from headgate.contract.url import Target

KINESIS, FIREHOSE, HTTP = "kinesis", "firehose", "http"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a destination takes. Source: PutRecords, PutRecordBatch; docs/contract.md for HTTP."""

    record_bytes: int  # data and, for Kinesis, the partition key
    call_bytes: int
    call_records: int = 500


LIMITS = {
    KINESIS: Limits(record_bytes=MIB, call_bytes=5 * MIB),
    FIREHOSE: Limits(record_bytes=1_024_000, call_bytes=4 * MIB),
    HTTP: Limits(record_bytes=1_000_000, call_bytes=4 * MIB),
}


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow: files, a destination, and how lines become records."""

    id: str
    pattern: FilePattern
    kind: str  # KINESIS, FIREHOSE or HTTP
    destination: str  # stream, delivery stream or URL
    options: tuple[dict[str, Any], ...]
    deterministic_keys: bool
    from_start: bool  # initialPosition is START_OF_FILE
    max_age_s: float
    max_records: int
    max_bytes: int
    poll_s: float
    refresh_s: float
    start_pattern: str | None
    skip_header_lines: int
    footer_pattern: str | None
    terminator: bytes
    aggregated_bytes: int
    retry_base_s: float
    retry_cap_s: float
    queue_batches: int
    emit_internal_metrics: bool
    # Keys of our own.
    strict: bool
    on_mismatch: str  # reject, raw or drop
    pack_bytes: int  # 0: one line is one record
    kpl: bool
    ordering_field: str | None
    source_metadata: bool
    hold_s: float  # of an open multi-line record
    rotated_quiet_s: float  # after which a rotated file is finished
    http: Target | None

    @property
    def limits(self) -> Limits:
        """What the destination takes."""
        return LIMITS[self.kind]


@dataclass(frozen=True, slots=True)
class Aws:
    """Credentials, endpoints and client settings."""

    access_key_id: str | None
    secret_access_key: str | None = field(repr=False)
    role_arn: str | None
    role_external_id: str | None
    sts_endpoint: str | None
    kinesis_endpoint: str | None
    kinesis_region: str | None
    firehose_endpoint: str | None
    cloudwatch_endpoint: str | None
    connect_timeout_s: float
    read_timeout_s: float
    max_connections: int
    tcp_keepalive: bool
    user_agent: str | None
    user_agent_override: str | None


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """The whole configuration."""

    flows: tuple[Flow, ...]
    aws: Aws
    state_dir: str
    import_checkpoints: str | None  # the original's SQLite file
    checkpoint_ttl_s: float
    sending_threads: int
    shutdown_s: float
    status_period_s: float
    emit_metrics: bool
    metrics_namespace: str
    metrics_period_s: float
    metrics_queue_size: int
    tag_instance: bool
    buffer_bytes: int  # read but not yet acknowledged, all flows together
    rejects_max_bytes: int
    http_gzip: bool
