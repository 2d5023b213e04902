"""`infra tune`: sets what `chalice deploy` cannot. Idempotent: a second run changes nothing.

What has to change is found by pure comparisons of the settings with what AWS returns.
"""

from typing import Any

from headgate.infra.deploy import apis, mappings
from headgate.infra.deploy.context import Context, Deployed, deployed
from headgate.infra.errors import InfraError
from headgate.infra.template.api import ACCESS_LOG_FORMAT, gateway_responses, method_settings
from headgate.infra.template.functions import mapping
from headgate.infra.template.intrinsics import Json
from headgate.infra.template.resolve import partition_of
from headgate.settings import StageSettings, fill_bucket, names_of


def tune(context: Context) -> int:
    """Bring mapping, stage, error responses and usage plan to the settings. Raises InfraError."""
    context.clients.place()
    context.require_chalice_managed()
    context.require_data_plane()
    _tell_distribution(context)
    known = deployed(context.root, context.settings.stage)
    done = [line for step in (_mapping, _responses, _stage, _plan) for line in step(context, known)]
    for line in done:
        context.say(("would set " if context.dry_run else "set ") + line)
    if not done:
        context.say("nothing to change")
    return 0


def _tell_distribution(context: Context) -> None:
    """Say when the stream ignores partition keys: then neither our event ids nor the order of events hold.

    Source: Kinesis API, UpdateStreamRecordDistributionStrategy. The template sets the other strategy.
    """
    name = context.names.stream
    found = context.clients["kinesis"].describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    if found.get("RecordDistributionStrategy") == "AUTO":
        ordering = context.settings.ordering_field
        context.say(
            f"warning: the stream {name} has the record distribution strategy AUTO: Kinesis ignores partition"
            " keys, so events lose their Idempotency-Key"
            + (f", and ordering_field {ordering} cannot hold" if ordering else "")
            + "; set USER_PARTITION_KEY with aws kinesis update-stream-record-distribution-strategy"
        )


def _mapping(context: Context, known: Deployed) -> list[str]:
    client, names = context.clients["lambda"], context.names
    place = context.clients.place()
    partition = partition_of(place.region)
    stream = f"arn:{partition}:kinesis:{place.region}:{place.account}:stream/{names.stream}"
    if mappings.function_tags(client, names.transform_function) is None:
        raise InfraError(f"there is no function {names.transform_function}: run `chalice deploy` first")
    found = mappings.one_mapping(
        client, names.transform_function, stream, keep=known.mapping_uuid, repair=not context.dry_run
    )
    missing = mapping_differences(wanted_mapping(context.settings, place.account, place.region), found)
    if missing and not context.dry_run:
        mappings.update(client, found, missing, context.clock, context.say)
    return [f"mapping {name}" for name in missing]


def _responses(context: Context, known: Deployed) -> list[str]:
    client = context.clients["apigateway"]
    missing = response_differences(context.settings, apis.gateway_responses(client, known.api_id))
    if not context.dry_run:
        apis.put_responses(client, known.api_id, context.settings.stage, missing)
    return [f"{len(missing)} gateway responses"] if missing else []


def _stage(context: Context, known: Deployed) -> list[str]:
    client, stage = context.clients["apigateway"], context.settings.stage
    place = context.clients.place()
    log_group = f"log-group:/headgate/{stage}/access"
    log_group_arn = f"arn:{partition_of(place.region)}:logs:{place.region}:{place.account}:{log_group}"
    patches = stage_patches(context.settings, log_group_arn, apis.find_stage(client, known.api_id, stage))
    if patches and not context.dry_run:
        client.update_stage(restApiId=known.api_id, stageName=stage, patchOperations=patches)
    return [f"stage {patch['path']}" for patch in patches]


def _plan(context: Context, known: Deployed) -> list[str]:
    if context.settings.auth != "api_key":
        return []
    client, stage = context.clients["apigateway"], context.settings.stage
    plan = apis.usage_plan(client, f"headgate-{stage}")
    if context.dry_run:
        joined = not any(each["apiId"] == known.api_id for each in plan.get("apiStages", []))
    else:
        joined = apis.join_plan(client, plan, known.api_id, stage)
    return ["usage plan of the API's stage"] if joined else []


_METHOD_PATHS = {
    "ThrottlingRateLimit": "throttling/rateLimit",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "MetricsEnabled": "metrics/enabled",
    "DataTraceEnabled": "logging/dataTrace",
}
"""Property of a stage's method settings to the path of UpdateStage. Source: API Gateway API, UpdateStage."""


def wanted_mapping(settings: StageSettings, account: str, region: str) -> Json:
    """Return the arguments of UpdateEventSourceMapping; the starting position can never be changed."""
    wanted = mapping(settings)
    wanted.pop("StartingPosition")
    bucket = fill_bucket(names_of(settings).bucket, account, region)
    destination = f"arn:{partition_of(region)}:s3:::{bucket}"
    return wanted | {"DestinationConfig": {"OnFailure": {"Destination": destination}}}


def mapping_differences(wanted: Json, found: Json) -> Json:
    """Return the part of `wanted` that a mapping does not have yet."""
    return {key: value for key, value in wanted.items() if not _covers(found.get(key), value)}


def stage_patches(settings: StageSettings, log_group_arn: str, found: Json) -> list[Json]:
    """Return the operations of UpdateStage that bring an API's stage to the settings."""
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
    """Return response type to what PutGatewayResponse must be told."""
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
