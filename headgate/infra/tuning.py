"""What `infra tune` must find or make so, after a plain `chalice deploy`: pure comparisons.

Chalice can express none of it. Called by commands/tune.py, which does what is answered here.
"""

from typing import Any

from headgate.infra.template.api import ACCESS_LOG_FORMAT, gateway_responses, method_settings
from headgate.infra.template.functions import mapping
from headgate.infra.template.intrinsics import Json
from headgate.infra.template.resolve import partition_of
from headgate.settings import StageSettings, fill_bucket, names_of

_METHOD_PATHS = {
    "ThrottlingRateLimit": "throttling/rateLimit",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "MetricsEnabled": "metrics/enabled",
    "DataTraceEnabled": "logging/dataTrace",
}
"""Property of a stage's method settings to the path of UpdateStage. Source: API Gateway API, UpdateStage."""


def wanted_mapping(settings: StageSettings, account: str, region: str) -> Json:
    """Answer the arguments of UpdateEventSourceMapping; the starting position can never be changed."""
    wanted = mapping(settings)
    wanted.pop("StartingPosition")
    bucket = fill_bucket(names_of(settings).bucket, account, region)
    destination = f"arn:{partition_of(region)}:s3:::{bucket}"
    return wanted | {"DestinationConfig": {"OnFailure": {"Destination": destination}}}


def mapping_differences(wanted: Json, found: Json) -> Json:
    """Answer the part of `wanted` that a mapping does not have yet."""
    return {key: value for key, value in wanted.items() if not _covers(found.get(key), value)}


def stage_patches(settings: StageSettings, log_group_arn: str, found: Json) -> list[Json]:
    """Answer the operations of UpdateStage that bring an API's stage to the settings."""
    every = found.get("methodSettings", {}).get("*/*", {})
    wanted = {
        f"/*/*/{path}": (method_settings(settings)[name], every.get(_camel(name)))
        for name, path in _METHOD_PATHS.items()
    }
    log = found.get("accessLogSettings", {})
    wanted["/accessLogSettings/destinationArn"] = (log_group_arn, log.get("destinationArn"))
    wanted["/accessLogSettings/format"] = (ACCESS_LOG_FORMAT, log.get("format"))
    return [
        {"op": "replace", "path": path, "value": _text(want)}
        for path, (want, have) in wanted.items()
        if want != have
    ]


def response_differences(settings: StageSettings, found: list[Json]) -> dict[str, Json]:
    """Answer response type to what PutGatewayResponse must be told."""
    have = {each["responseType"]: each for each in found}
    keys = ("statusCode", "responseParameters", "responseTemplates")
    return {
        kind: wanted
        for kind, wanted in gateway_responses(settings).items()
        if any(have.get(kind, {}).get(key) != wanted.get(key) for key in keys if key in wanted)
    }


def _covers(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_covers(found.get(key), value) for key, value in wanted.items())
    return bool(found == wanted)


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
