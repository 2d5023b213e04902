"""From `dataProcessingOptions` to a chain of converters, with every mistake found when the agent starts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, ParamSpec, TypeVar

from headgate.agent.config.values import ValueProblem, to_bool, to_enum, to_int, to_text, to_texts
from headgate.agent.convert.apache import FastParser, combined_parser, common_parser
from headgate.agent.convert.chain import Chain, Converter
from headgate.agent.convert.grammar import FORMAT_NAMES, formats
from headgate.agent.convert.lines import add_brackets, csv_to_json, quoted_delimiter, singleline
from headgate.agent.convert.logs import LogOptions, log_to_json
from headgate.agent.convert.metadata import InstanceFacts, add_ec2_metadata, add_metadata
from headgate.agent.javaregex import RegexProblem, compile_java

P = ParamSpec("P")
T = TypeVar("T")
Option = Mapping[str, Any]


class Surroundings(NamedTuple):
    """What converters need from outside: the wall clock and the instance's facts."""

    now: Callable[[], datetime]
    instance_facts: InstanceFacts


def build_chain(options: Sequence[Any], around: Surroundings) -> Chain:
    """The chain of these options. Raises ValueProblem for the first mistake."""
    converters = []
    for index, option in enumerate(options):
        if not isinstance(option, dict):
            raise ValueProblem(f"dataProcessingOptions[{index}] must be an object")
        try:
            converters.append(_build(option, around))
        except (ValueProblem, RegexProblem) as error:
            raise ValueProblem(f"dataProcessingOptions[{index}]: {error}") from None
    fast = _fast_parser(options[0]) if len(options) == 1 else None
    patterns = {"matchPattern", "delimiter"}
    return Chain(converters, fast, bounded=any(patterns & option.keys() for option in options))


def log_options(option: Option) -> LogOptions:
    """The checked settings of a LOGTOJSON option. Raises ValueProblem or RegexProblem."""
    log_format = option.get("logFormat")
    if log_format is None:
        raise ValueProblem("logFormat is required")
    log_format = _named(to_enum, "logFormat", log_format, FORMAT_NAMES, "")
    names_value = option.get("customFieldNames")
    names = None if names_value is None else _named(to_texts, "customFieldNames", names_value)
    pattern = _named(to_text, "matchPattern", option.get("matchPattern"))
    if pattern is not None and names is None:
        raise ValueProblem("matchPattern needs customFieldNames")
    if pattern is None and names is not None and len(names) != len(formats()[log_format].keys):
        raise ValueProblem(
            f"customFieldNames must have {len(formats()[log_format].keys)} names for {log_format}"
        )
    return LogOptions(
        log_format,
        names,
        None if pattern is None else compile_java(pattern),
        _pretty(option),
        _named(to_bool, "acceptIpv6", option.get("acceptIpv6", False)),
        _named(to_bool, "acceptCrlf", option.get("acceptCrlf", False)),
    )


def _build(option: Option, around: Surroundings) -> Converter:
    name = option.get("optionName")
    builder = _BUILDERS.get(name) if isinstance(name, str) else None
    if builder is None:
        raise ValueProblem(f"optionName must be one of {', '.join(_BUILDERS)}, not {name!r}")
    return builder(option, around)


def _singleline(option: Option, _around: Surroundings) -> Converter:
    words: list[Any] = []
    if "parseOptions" in option:
        if option["parseOptions"] is None:
            raise ValueProblem("parseOptions must not be null")
        # Anything else that is no array is ignored, as the original does; load.py warns about it.
        words = option["parseOptions"] if isinstance(option["parseOptions"], list) else []
    return singleline(trim="NO_TRIM" not in words, escape_line_feeds="ESCAPE_NEW_LINE" in words)


def _csv(option: Option, _around: Surroundings) -> Converter:
    if option.get("customFieldNames") is None:
        raise ValueProblem("customFieldNames is required")
    names = _named(to_texts, "customFieldNames", option["customFieldNames"])
    delimiter = _named(to_text, "delimiter", option.get("delimiter"))
    pattern = compile_java("," if delimiter is None else delimiter)
    quoted = _named(to_bool, "quoted", option.get("quoted", False))
    if quoted and quoted_delimiter(pattern.source) is None:
        raise ValueProblem("quoted needs a delimiter of one character that is no quote and no line break")
    return csv_to_json(names, pattern, pretty=_pretty(option), quoted=quoted)


def _log(option: Option, _around: Surroundings) -> Converter:
    return log_to_json(log_options(option))


def _metadata(option: Option, around: Surroundings) -> Converter:
    timestamp = option.get("timestamp")
    if timestamp is not None and not isinstance(timestamp, str):
        raise ValueProblem('timestamp must be a JSON string: "true"')
    on = timestamp is not None and timestamp.lower() == "true"
    return add_metadata(option.get("metadata"), timestamp=on, now=around.now, pretty=_pretty(option))


def _ec2_metadata(option: Option, around: Surroundings) -> Converter:
    log_format = option.get("logFormat")
    if log_format is None:
        raise ValueProblem("logFormat is required")
    _named(to_enum, "logFormat", log_format, FORMAT_NAMES, "")
    _named(to_int, "metadataTTL", option.get("metadataTTL", 3600))
    return add_ec2_metadata(around.instance_facts, now=around.now, pretty=_pretty(option))


def _brackets(_option: Option, _around: Surroundings) -> Converter:
    return add_brackets


def _plugin(option: Option, _around: Surroundings) -> Converter:
    raise ValueProblem(
        f"USINGPLUGGIN: class not found: {option.get('className')!r} (Java classes cannot be loaded)"
    )


_BUILDERS: dict[str, Callable[[Option, Surroundings], Converter]] = {
    "SINGLELINE": _singleline,
    "CSVTOJSON": _csv,
    "LOGTOJSON": _log,
    "ADDMETADATA": _metadata,
    "ADDEC2METADATA": _ec2_metadata,
    "ADDBRACKETS": _brackets,
    "USINGPLUGGIN": _plugin,
}


def _fast_parser(option: Option) -> FastParser | None:
    if option["optionName"] != "LOGTOJSON":
        return None
    options = log_options(option)
    names = options.names or formats()[options.log_format].keys
    if options.pattern or options.pretty or options.accept_crlf or len(set(names)) < len(names):
        return None
    if options.log_format == "COMBINEDAPACHELOG":
        return combined_parser(names, ipv6=options.accept_ipv6)
    if options.log_format == "COMMONAPACHELOG":
        return common_parser(names, ipv6=options.accept_ipv6)
    return None


def _pretty(option: Option) -> bool:
    wanted = option.get("jsonFormat")
    return _named(to_enum, "jsonFormat", wanted, ("COMPACT", "PRETTYPRINT"), "COMPACT") == "PRETTYPRINT"


def _named(read: Callable[P, T], key: str, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a reader of values and put the key's name before its complaint."""
    try:
        return read(*args, **kwargs)
    except ValueProblem as error:
        raise ValueProblem(f"{key} {error}") from None
