"""Every key of agent.json that means something, and a reader that applies type, default and range.

The names, defaults and ranges of the Amazon Kinesis Agent 2.0.13, and ours below them. Used by load.py; the
lists also tell unknown keys from known ones.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from headgate.agent.config.values import ValueProblem, to_bool, to_enum, to_int, to_text

T = TypeVar("T")

AGENT_KEYS = frozenset(
    {
        *(
            "flows",
            "awsAccessKeyId",
            "awsSecretAccessKey",
            "assumeRoleARN",
            "assumeRoleExternalId",
            "sts.endpoint",
        ),
        *("userDefinedCredentialsProvider.classname", "userDefinedCredentialsProvider.location"),
        *("kinesis.endpoint", "kinesis.region", "firehose.endpoint", "cloudwatch.endpoint"),
        *("cloudwatch.emitMetrics", "cloudwatch.namespace", "cloudwatch.metricsBufferTimeMillis"),
        *(
            "cloudwatch.metricsQueueSize",
            "cloudwatch.tagInstance",
            "checkpointFile",
            "checkpointTimeToLiveDays",
        ),
        *("checkpoints.queryTimeoutSeconds", "checkpoints.connectionTimeoutSeconds", "maxSendingThreads"),
        *("maxSendingThreadsPerCore", "sendingThreadsKeepAliveMillis", "sendingThreadsMaxQueueSize"),
        *("maxConnections", "connectionTimeoutMillis", "socketTimeoutMillis", "connectionTTLMillis"),
        *("useTcpKeepAlive", "useHttpGzip", "shutdownTimeoutMillis", "log.statusReportingPeriodSeconds"),
        *("log.emitMetrics", "log.emitInternalMetrics", "userAgent", "userAgentOverride"),
        # Ours.
        *("stateDirectory", "strict", "maxBufferedBytes", "rejectsMaxBytes"),
    }
)
FLOW_KEYS = frozenset(
    {
        *("filePattern", "kinesisStream", "deliveryStream", "partitionKeyOption", "initialPosition"),
        *(
            "maxBufferAgeMillis",
            "maxBufferSizeRecords",
            "maxBufferSizeBytes",
            "minTimeBetweenFilePollsMillis",
        ),
        *("maxTimeBetweenFileTrackerRefreshMillis", "multiLineStartPattern", "skipHeaderLines"),
        *("fileFooterPattern", "truncatedRecordTerminator", "aggregatedRecordSizeBytes"),
        *("dataProcessingOptions", "retryInitialBackoffMillis", "retryMaxBackoffMillis"),
        *("publishQueueCapacity", "waitOnFullPublishQueueMillis", "waitOnEmptyPublishQueueMillis"),
        "log.emitInternalMetrics",
        # Ours.
        *("httpEndpoint", "httpApiKey", "httpApiKeyFile", "httpHeaders", "strict", "onMismatch", "packBytes"),
        *(
            "kplAggregation",
            "orderingField",
            "addSourceMetadata",
            "multiLineHoldMillis",
            "rotatedQuietMillis",
        ),
    }
)
OPTION_KEYS = frozenset(
    {
        *("optionName", "jsonFormat", "parseOptions", "customFieldNames", "delimiter", "logFormat"),
        *("matchPattern", "metadata", "timestamp", "metadataTTL", "className"),
        # Ours.
        *("quoted", "acceptIpv6", "acceptCrlf"),
    }
)


class Reader:
    """Reads the keys of one object and collects what is wrong, with the place where it stands."""

    def __init__(self, values: Mapping[str, Any], place: str, problems: list[str]) -> None:
        """`place` is put before a key in a message, such as "flows[2]."."""
        self.values = values
        self.place = place
        self.problems = problems

    def complain(self, key: str, message: str) -> None:
        """Add a problem of a key."""
        self.problems.append(f"{self.place}{key} {message}")

    def boolean(self, key: str, default: bool) -> bool:  # noqa: FBT001 - the default of a boolean key
        """A boolean."""
        return self._read(key, default, to_bool)

    def integer(
        self, key: str, default: int, low: int | None = None, high: int | None = None, bits: int = 32
    ) -> int:
        """An integer; `low` and `high` are inclusive."""
        value = self._read(key, default, lambda found: to_int(found, bits))
        if (low is not None and value < low) or (high is not None and value > high):
            self.complain(key, f"must be from {low} to {high}, not {value}")
        return value

    def seconds(self, key: str, default_ms: int, low: int | None = None, high: int | None = None) -> float:
        """A number of milliseconds, as seconds."""
        return self.integer(key, default_ms, low, high, bits=64) / 1000

    def text(self, key: str) -> str | None:
        """Text; None when missing or null."""
        return self._read(key, None, to_text)

    def enum(self, key: str, allowed: Sequence[str]) -> str:
        """One of `allowed`, of which the first is the default."""
        return self._read(key, allowed[0], lambda found: to_enum(found, allowed, allowed[0]))

    def _read(self, key: str, default: T, convert: Callable[[object], T]) -> T:
        if key not in self.values:
            return default
        try:
            return convert(self.values[key])
        except ValueProblem as error:
            self.complain(key, str(error))
            return default
