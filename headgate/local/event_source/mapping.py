"""The settings of an event source mapping, from the properties that CloudFormation and SAM give it.

Decides which settings are valid and refuses, in one message, what this poller does not do. Never resolves an
intrinsic: the properties come resolved from `headgate/infra`. Called by the local run.

Source: CloudFormation, AWS::Lambda::EventSourceMapping; SAM, event type Kinesis (the same names, `Stream` for
`EventSourceArn`); ranges from the Lambda API reference, CreateEventSourceMapping.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

from headgate.local.errors import LocalError
from headgate.records import Position

FOREVER = -1
RANGES = {
    "BatchSize": (1, 10_000, 100),
    "MaximumBatchingWindowInSeconds": (0, 300, 0),
    "ParallelizationFactor": (1, 10, 1),
    "MaximumRetryAttempts": (-1, 10_000, FOREVER),
    "MaximumRecordAgeInSeconds": (-1, 604_800, FOREVER),
}
# Source: API reference, MaximumRecordAgeInSeconds: "the minimum valid value for maximum record age is 60s".
LEAST_AGE_S = 60
UNSUPPORTED = ("FilterCriteria", "TumblingWindowInSeconds")
POSITIONS = ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP")
S3_ARN = "arn:aws:s3:::"


@dataclass(frozen=True)
class EventSourceMapping:
    """One stream, one function, and how batches and failures between them are handled.

    `max_retries` and `max_age_s` are -1 for "until the record expires". `bucket` is the on-failure
    destination, None when there is none. `mapping_id` stands for AWS' UUID; it is the same at every start.
    """

    stream_arn: str
    function_arn: str
    mapping_id: str
    starting_position: str = "TRIM_HORIZON"
    starting_timestamp_s: float = 0.0
    batch_size: int = 100
    batching_window_s: int = 0
    parallelization: int = 1
    max_retries: int = FOREVER
    max_age_s: int = FOREVER
    bisect: bool = False
    reports_item_failures: bool = False
    bucket: str | None = None
    enabled: bool = True

    @classmethod
    def from_cloudformation(cls, properties: Mapping[str, Any], function_name: str = "transform") -> Self:
        """Build from resolved properties. Raises LocalError that lists everything that is wrong with them."""
        wrong: list[str] = []
        numbers = {name: _number(properties, name, wrong) for name in RANGES}
        if FOREVER < numbers["MaximumRecordAgeInSeconds"] < LEAST_AGE_S:
            wrong.append(f"MaximumRecordAgeInSeconds must be -1 or at least {LEAST_AGE_S}")
        wrong += [f"{name} is not supported locally" for name in UNSUPPORTED if properties.get(name)]
        stream_arn = str(properties.get("EventSourceArn") or properties.get("Stream") or "")
        if not stream_arn.startswith("arn:aws") or ":stream/" not in stream_arn:
            wrong.append(f"EventSourceArn {stream_arn!r} is not the ARN of a Kinesis stream")
        position = str(properties.get("StartingPosition", ""))
        if position not in POSITIONS:
            wrong.append(f"StartingPosition must be one of {', '.join(POSITIONS)}")
        types = list(properties.get("FunctionResponseTypes") or [])
        if types not in ([], ["ReportBatchItemFailures"]):
            wrong.append("FunctionResponseTypes may only be ['ReportBatchItemFailures']")
        bucket = _bucket(properties, wrong)
        if wrong:
            raise LocalError(f"The event source mapping cannot run: {'; '.join(wrong)}.")
        function_arn = _function_arn(str(properties.get("FunctionName") or function_name), stream_arn)
        return cls(
            stream_arn=stream_arn,
            function_arn=function_arn,
            mapping_id=str(uuid5(NAMESPACE_URL, f"{stream_arn} {function_arn}")),
            starting_position=position,
            starting_timestamp_s=float(properties.get("StartingPositionTimestamp") or 0.0),
            batch_size=numbers["BatchSize"],
            batching_window_s=numbers["MaximumBatchingWindowInSeconds"],
            parallelization=numbers["ParallelizationFactor"],
            max_retries=numbers["MaximumRetryAttempts"],
            max_age_s=numbers["MaximumRecordAgeInSeconds"],
            bisect=_flag(properties, "BisectBatchOnFunctionError", default=False),
            reports_item_failures=bool(types),
            bucket=bucket,
            enabled=_flag(properties, "Enabled", default=True),
        )

    @property
    def stream_name(self) -> str:
        """The stream's name."""
        return self.stream_arn.rpartition("/")[2]

    @property
    def region(self) -> str:
        """The stream's region."""
        return self.stream_arn.split(":")[3]

    @property
    def role_arn(self) -> str:
        """The role that the event names as its invoker: the function's name under the stream's account."""
        account = self.stream_arn.split(":")[4]
        return f"arn:aws:iam::{account}:role/{self.function_arn.rpartition(':')[2]}"

    def of_stream(self, created_s: float) -> Self:
        """Return the mapping of a stream that was created then (epoch seconds).

        A stream that was made anew under the same name has other sequence numbers: checkpoints of the old one
        mean nothing for it.
        """
        name = f"{self.stream_arn} {self.function_arn} {created_s}"
        return replace(self, mapping_id=str(uuid5(NAMESPACE_URL, name)))

    def position(self, now_s: float) -> Position:
        """Return where a stream without checkpoints is begun; `now_s` is the wall clock."""
        if self.starting_position == "LATEST":
            return Position.latest(now_s)
        if self.starting_position == "AT_TIMESTAMP":
            return Position.at_timestamp(self.starting_timestamp_s)
        return Position.trim_horizon()


def _number(properties: Mapping[str, Any], name: str, wrong: list[str]) -> int:
    low, high, default = RANGES[name]
    try:
        value = int(properties.get(name, default))
    except (TypeError, ValueError):
        value = low - 1
    if not low <= value <= high:
        wrong.append(f"{name} must be a number from {low:,} to {high:,}")
        return default
    return value


def _flag(properties: Mapping[str, Any], name: str, *, default: bool) -> bool:
    # CloudFormation takes true and "true" alike.
    return str(properties.get(name, default)).lower() == "true"


def _bucket(properties: Mapping[str, Any], wrong: list[str]) -> str | None:
    on_failure = (properties.get("DestinationConfig") or {}).get("OnFailure") or {}
    destination = on_failure.get("Destination")
    if destination is None:
        return None
    if not str(destination).startswith(S3_ARN):
        wrong.append(f"the on-failure destination {destination!r} is not the ARN of an S3 bucket")
    return str(destination).removeprefix(S3_ARN)


def _function_arn(name: str, stream_arn: str) -> str:
    if name.startswith("arn:"):
        return name
    partition, region, account = (stream_arn.split(":")[place] for place in (1, 3, 4))
    return f"arn:{partition}:lambda:{region}:{account}:function:{name}"
