"""One entry of `flows`: defaults, ranges, destination, id.

Decides what a flow is; collects every mistake of it, not the first one. Called by load.py.
"""

from typing import Any

from headgate.agent.config.fileglob import FilePattern, glob_expression, parse_file_pattern
from headgate.agent.config.keys import FLOW_KEYS, OPTION_KEYS, Reader
from headgate.agent.config.model import FIREHOSE, HTTP, KINESIS, LIMITS, Flow
from headgate.agent.config.target import ReadSecret, read_target
from headgate.agent.config.values import ValueProblem
from headgate.agent.javaregex import RegexProblem, compile_java

_PREFIX = {KINESIS: "kinesis", FIREHOSE: "fh", HTTP: "http"}
_FIFTEEN_MINUTES_MS = 900_000
_UNUSABLE = FilePattern("/", "", glob_expression(""), "/")


def read_flow(
    values: dict[str, Any], index: int, *, strict: bool, read_secret: ReadSecret
) -> tuple[Flow, list[str], list[str]]:
    """A flow with its problems and its warnings; with a problem the flow must not be used."""
    problems: list[str] = []
    warnings: list[str] = []
    place = f"flows[{index}]."
    read = Reader(values, place, problems)
    strict = read.boolean("strict", strict)
    kind, destination = _destination(read, warnings)
    limits = LIMITS[kind]
    http = read_target(read, destination, read_secret) if kind == HTTP else None
    if http is not None:
        destination = http.shown  # it stands in every log line
    pattern = _pattern(read)
    options = _options(read, warnings)
    terminator = _terminator(read, limits.record_bytes)
    warnings += [
        f"{place}{key} is not a known key and does nothing" for key in sorted(values.keys() - FLOW_KEYS)
    ]
    flow = Flow(
        id=f"{_PREFIX[kind]}:{destination}:{pattern.text}",
        pattern=pattern,
        kind=kind,
        destination=destination,
        options=options,
        deterministic_keys=read.enum("partitionKeyOption", ("RANDOM", "DETERMINISTIC")) == "DETERMINISTIC",
        from_start=read.enum("initialPosition", ("END_OF_FILE", "START_OF_FILE")) == "START_OF_FILE",
        max_age_s=read.seconds("maxBufferAgeMillis", 60_000, 1000, _FIFTEEN_MINUTES_MS),
        max_records=read.integer("maxBufferSizeRecords", limits.call_records, 1, limits.call_records),
        max_bytes=read.integer("maxBufferSizeBytes", limits.call_bytes, 1, limits.call_bytes),
        poll_s=read.seconds("minTimeBetweenFilePollsMillis", 100),
        refresh_s=read.seconds("maxTimeBetweenFileTrackerRefreshMillis", 10_000),
        start_pattern=_regex(read, "multiLineStartPattern") or None,
        skip_header_lines=read.integer("skipHeaderLines", 0),
        footer_pattern=_regex(read, "fileFooterPattern"),
        terminator=terminator,
        aggregated_bytes=read.integer("aggregatedRecordSizeBytes", 0, 0, 1_024_000)
        if kind == FIREHOSE
        else 0,
        retry_base_s=read.seconds("retryInitialBackoffMillis", 100),
        retry_cap_s=read.seconds("retryMaxBackoffMillis", 10_000),
        queue_batches=read.integer("publishQueueCapacity", 100),
        emit_internal_metrics=read.boolean("log.emitInternalMetrics", default=False),
        strict=strict,
        on_mismatch="drop" if strict else read.enum("onMismatch", ("reject", "raw", "drop")),
        pack_bytes=_pack_bytes(read, kind, limits.record_bytes),
        kpl=read.boolean("kplAggregation", default=False),
        ordering_field=read.text("orderingField"),
        source_metadata=read.boolean("addSourceMetadata", default=False),
        hold_s=0.0 if strict else read.seconds("multiLineHoldMillis", 1000, 0, _FIFTEEN_MINUTES_MS),
        rotated_quiet_s=read.seconds("rotatedQuietMillis", 300_000, 0),
        http=http,
    )
    read.seconds("waitOnFullPublishQueueMillis", 60_000, 1000, _FIFTEEN_MINUTES_MS)
    read.seconds("waitOnEmptyPublishQueueMillis", 60_000, 1000, _FIFTEEN_MINUTES_MS)
    if flow.kpl and kind != KINESIS:
        read.complain("kplAggregation", "needs kinesisStream")
    if flow.ordering_field and kind != KINESIS:
        read.complain("orderingField", "needs kinesisStream")
    return flow, problems, warnings


def _destination(read: Reader, warnings: list[str]) -> tuple[str, str]:
    keys = (("httpEndpoint", HTTP), ("deliveryStream", FIREHOSE), ("kinesisStream", KINESIS))
    found = [(key, kind, name) for key, kind in keys if (name := read.text(key))]
    if not found:
        read.problems.append(
            f"{read.place[:-1]} needs a destination: kinesisStream, deliveryStream or httpEndpoint"
        )
        return KINESIS, ""
    key, kind, name = found[0]
    for other, _, _ in found[1:]:
        if kind == HTTP:
            read.problems.append(
                f"{read.place[:-1]} has two destinations, {other} and {key}: make a flow for each"
            )
        else:
            # With both of its keys the original takes deliveryStream, without a message.
            warnings.append(f"{read.place}{other} does nothing beside {key}, as with the original")
    return kind, name


def _pattern(read: Reader) -> FilePattern:
    text = read.text("filePattern")
    if not text:
        read.complain("filePattern", "is required")
        return _UNUSABLE
    try:
        return parse_file_pattern(text)
    except ValueProblem as error:
        read.complain("filePattern", str(error))
        return _UNUSABLE


def _options(read: Reader, warnings: list[str]) -> tuple[dict[str, Any], ...]:
    """The array of converters; one that is no array is ignored as the original does, but not in silence."""
    if "dataProcessingOptions" not in read.values:
        return ()
    options = read.values["dataProcessingOptions"]
    if options is None:
        read.complain("dataProcessingOptions", "must not be null")
        return ()
    if not isinstance(options, list):
        warnings.append(
            f"{read.place}dataProcessingOptions is not an array and is ignored: lines are sent as they are"
        )
        return ()
    for index, option in enumerate(options):
        if isinstance(option, dict):
            place = f"{read.place}dataProcessingOptions[{index}]."
            warnings += [f"{place}{key} is not a known key" for key in sorted(option.keys() - OPTION_KEYS)]
            if not isinstance(option.get("parseOptions", []), list):
                warnings.append(f"{place}parseOptions is not an array and is ignored")
    return tuple(options)


def _regex(read: Reader, key: str) -> str | None:
    pattern = read.text(key)
    if pattern:
        try:
            compile_java(pattern)
        except RegexProblem as error:
            read.complain(key, f"is not usable: {error}")
    return pattern


def _terminator(read: Reader, record_bytes: int) -> bytes:
    if "truncatedRecordTerminator" not in read.values:
        return b"\n"
    text = read.text("truncatedRecordTerminator")
    if text is None or len(text.encode("utf-8", "replace")) >= record_bytes:
        read.complain("truncatedRecordTerminator", f"must be text of fewer than {record_bytes} bytes")
        return b"\n"
    return text.encode("utf-8", "replace")


def _pack_bytes(read: Reader, kind: str, record_bytes: int) -> int:
    packed = read.integer("packBytes", 0, 0, record_bytes)
    if packed and kind == HTTP:
        read.complain("packBytes", "does not apply to httpEndpoint: the server packs")
    return packed
