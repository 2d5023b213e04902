"""Every setting of a stage: name, default, what it may be, and what it does.

This is the one list: the parser, docs/settings.md and the template all read it. A number carries its unit
in its name. The values live in `.chalice/config.json` under `stages.<stage>.headgate`, a key that Chalice
ignores.
"""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.limits import EVENT_MAX_BYTES, PACK_BYTES
from headgate.settings.checks import (
    Check,
    Choice,
    Each,
    Flag,
    Maybe,
    Narrowed,
    Origin,
    Pairs,
    Text,
    TimeZone,
    Whole,
)

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557)
"""What CloudWatch Logs takes. Source: AWS::Logs::LogGroup RetentionInDays."""

RESOURCE_NAME = Text(r"[A-Za-z0-9_.-]{1,64}", "a name of 1 to 64 letters, digits, `_`, `.`, `-`")
BUCKET_NAME = Text(
    r"(?!.*\.\.)(?:[a-z0-9.-]|\{account\}|\{region\}){3,63}",
    "a bucket's name; `{account}` and `{region}` are filled in",
)
DAYS = Whole(1, 36_500)
_NO_ZIP = ("zip", "Athena cannot read it; use gzip or none")
_NO_SNAPPY = (
    "snappy",
    "neither Athena's text tables nor Headgate can read it; use gzip or none",
)
_ARCHIVE = Narrowed(Choice(("gzip", "none")), (_NO_SNAPPY, _NO_ZIP))
_CURATED = Narrowed(Choice(("gzip", "snappy", "none")), (_NO_ZIP,))
"""Source of what Athena reads: Athena user guide, compression support."""


def setting(default: Any, check: Check, doc: str) -> Any:
    """Declare a field with its check and its sentence."""
    return field(default=default, metadata={"check": check, "doc": doc})


def group(kind: type, doc: str) -> dict[str, Any]:
    """Describe a field that is an object of settings itself."""
    return {"group": kind, "doc": doc}


@dataclass(frozen=True, kw_only=True)
class Raw:
    """The archive's delivery stream."""

    size_mb: int = setting(
        5, Whole(1, 128), "an object is written when this much has gathered, before compression"
    )
    interval_s: int = setting(300, Whole(0, 900), "or when this long has passed")
    compression: str = setting("gzip", _ARCHIVE, "compression of the archive's objects")


@dataclass(frozen=True, kw_only=True)
class Curated:
    """The analysts' delivery stream."""

    size_mb: int = setting(64, Whole(1, 128), "as in raw; 64 or more for parquet and orc")
    interval_s: int = setting(300, Whole(0, 900), "as in raw")
    format: str = setting("ndjson", Choice(("ndjson", "parquet", "orc")), "format of the objects")
    compression: str | None = setting(
        None,
        Maybe(_CURATED),
        "null is gzip for ndjson, snappy for parquet and orc; none is for all, gzip not for orc",
    )


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """The bound of the whole stage: it bounds the bill."""

    rate_per_s: int = setting(
        100, Whole(1, 10_000), "requests a second, all producers together; 429 beyond it"
    )
    burst: int = setting(200, Whole(1, 5_000), "requests at once")


@dataclass(frozen=True, kw_only=True)
class Partner:
    """What one API key may do; only with auth `api_key`."""

    rate_per_s: int = setting(50, Whole(1, 10_000), "requests a second for each key")
    burst: int = setting(100, Whole(1, 5_000), "requests at once for each key")
    quota_requests: int | None = setting(
        None, Maybe(Whole(1, 2_000_000_000)), "requests a period for each key; null is no quota"
    )
    quota_period: str = setting("month", Choice(("day", "week", "month")), "the quota's period")


@dataclass(frozen=True, kw_only=True)
class EventSourceMapping:
    """How Lambda reads the stream for the transform."""

    batch_size: int = setting(100, Whole(1, 10_000), "records of one call, at most")
    window_s: int = setting(5, Whole(0, 300), "how long a batch may gather")
    parallelization: int = setting(
        1, Whole(1, 10), "concurrent calls for each shard, split by partition key; 1 with ordering_field"
    )
    retries: int = setting(
        10, Whole(0, 10), "how often a batch that failed is tried again before its destination gets it"
    )
    max_age_s: int | None = setting(
        None,
        Maybe(Whole(60, 604_800)),
        "age at which a record goes to the destination; null is half the retention",
    )


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """What S3 does with old objects; null keeps them."""

    raw_infrequent_access_days: int | None = setting(
        None, Maybe(Whole(30, 36_500)), "raw-data moves to Standard-IA after this"
    )
    raw_expire_days: int | None = setting(None, Maybe(DAYS), "raw-data is deleted after this")
    curated_expire_days: int | None = setting(None, Maybe(DAYS), "curated is deleted after this")
    quarantine_expire_days: int | None = setting(
        None,
        Maybe(DAYS),
        "quarantine, dropped, error prefixes and failure destination are deleted after this",
    )
    noncurrent_expire_days: int = setting(30, DAYS, "an overwritten or deleted version is kept this long")
    abort_upload_days: int = setting(7, DAYS, "an upload that was never completed is removed after this")


@dataclass(frozen=True, kw_only=True)
class NameOverrides:
    """Names other than headgate-<stage>…; null is the default name."""

    stream: str | None = setting(None, Maybe(RESOURCE_NAME), "the Kinesis stream")
    raw: str | None = setting(None, Maybe(RESOURCE_NAME), "the raw delivery stream; null is <stream>-raw")
    curated: str | None = setting(None, Maybe(RESOURCE_NAME), "the curated delivery stream")
    bucket: str | None = setting(None, Maybe(BUCKET_NAME), "the bucket")


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """All settings of one stage; built only by parse.py."""

    stage: str
    on_demand: bool = setting(
        default=False, check=Flag(), doc="on-demand capacity; `shards` then plays no part"
    )
    shards: int = setting(1, Whole(1, 10_000), "provisioned shards, 1 MB/s or 1,000 records/s each")
    retention_hours: int = setting(48, Whole(24, 8_760), "how long the stream keeps records")
    raw: Raw = field(default_factory=Raw, metadata=group(Raw, "the archive, raw-data/"))
    curated: Curated = field(default_factory=Curated, metadata=group(Curated, "the analysts' copy, curated/"))
    time_zone: str = setting("UTC", TimeZone(), "of the folders of curated/")
    auth: str = setting(
        "api_key",
        Choice(("api_key", "iam", "none")),
        "who may send; the default of a stage named dev is none",
    )
    throttle: Throttle = field(default_factory=Throttle, metadata=group(Throttle, "of the stage"))
    partner: Partner = field(default_factory=Partner, metadata=group(Partner, "of each API key"))
    cors_origins: tuple[str, ...] = setting(
        (),
        Each(Origin()),
        "browsers' origins; none is CORS off, `*` alone is every origin",
    )
    ordering_field: str | None = setting(
        None,
        Maybe(Text(r"(/([^~]|~[01])*)+", "a JSON Pointer such as /device/id")),
        "events of one value keep their order",
    )
    pack_bytes: int = setting(
        PACK_BYTES,
        Whole(0, EVENT_MAX_BYTES),
        "records are filled with events up to this; 0 is one event a record",
    )
    unknown_types: str = setting(
        "accept", Choice(("accept", "reject")), "an event whose type has no schema file"
    )
    alarm_email: str | None = setting(
        None, Maybe(Text(r"[^@\s]+@[^@\s]+", "an e-mail address")), "gets the alarms"
    )
    tags: tuple[tuple[str, str], ...] = setting(
        (),
        Pairs(
            Text(r"(?!aws:)[\w .:/=+@-]{1,128}", "a tag's key"), Text(r"[\w .:/=+@-]{0,256}", "a tag's value")
        ),
        "on every resource, beside headgate:stage",
    )
    log_retention_days: int = setting(30, Choice(LOG_RETENTION_DAYS), "of every log group")
    lifecycle: Lifecycle = field(default_factory=Lifecycle, metadata=group(Lifecycle, "of the bucket"))
    mapping: EventSourceMapping = field(
        default_factory=EventSourceMapping, metadata=group(EventSourceMapping, "stream to transform")
    )
    names: NameOverrides = field(
        default_factory=NameOverrides, metadata=group(NameOverrides, "of the resources")
    )
    direct: bool = setting(
        default=False,
        check=Flag(),
        doc="a second API whose POST /v1 reaches the stream without Lambda; no batches, no CORS",
    )
