"""`infra tune`: sets what `chalice deploy` cannot. Idempotent: a second run changes nothing."""

from headgate.infra.cloud import apis, mappings
from headgate.infra.context import Context
from headgate.infra.errors import InfraError
from headgate.infra.state import Deployed, deployed
from headgate.infra.template.resolve import partition_of
from headgate.infra.tuning import mapping_differences, response_differences, stage_patches, wanted_mapping


def tune(context: Context) -> int:
    """Bring mapping, stage, error responses and usage plan to the settings. Raises InfraError."""
    context.clients.place()
    context.require_way_1()
    context.require_data_plane()
    known = deployed(context.root, context.settings.stage)
    done = [line for step in (_mapping, _responses, _stage, _plan) for line in step(context, known)]
    for line in done:
        context.say(("would set " if context.dry_run else "set ") + line)
    if not done:
        context.say("nothing to change")
    return 0


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
        client.update_event_source_mapping(UUID=found["UUID"], **missing)
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
