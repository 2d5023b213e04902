"""API Gateway: one REST API's stage, its error responses and its usage plan."""

from typing import Any

from botocore.exceptions import ClientError

from headgate.aws_errors import error_code
from headgate.infra.errors import InfraError
from headgate.infra.template.intrinsics import Json


def find_stage(client: Any, api_id: str, stage: str) -> Json:
    """Return what API Gateway knows of a stage. Raises InfraError when it is not there."""
    try:
        found: Json = client.get_stage(restApiId=api_id, stageName=stage)
    except ClientError as error:
        if error_code(error) != "NotFoundException":
            raise
        advice = f"delete .chalice/deployed/{stage}.json and run `chalice deploy --stage {stage}`"
        raise InfraError(f"the API {api_id} that Chalice remembers is gone: {advice}") from error
    return found


def gateway_responses(client: Any, api_id: str) -> list[Json]:
    """List the API's own error responses."""
    items: list[Json] = client.get_gateway_responses(restApiId=api_id, limit=500).get("items", [])
    return [each for each in items if not each.get("defaultResponse")]


def put_responses(client: Any, api_id: str, stage: str, wanted: dict[str, Json]) -> None:
    """Set error responses; they take effect with a deployment."""
    for kind, response in wanted.items():
        client.put_gateway_response(restApiId=api_id, responseType=kind, **response)
    if wanted:
        client.create_deployment(restApiId=api_id, stageName=stage, description="headgate infra tune")


def usage_plan(client: Any, name: str) -> Json:
    """Return the usage plan by name. Raises InfraError when it is not there."""
    for page in client.get_paginator("get_usage_plans").paginate():
        for plan in page["items"]:
            if plan["name"] == name:
                found: Json = plan
                return found
    raise InfraError(f"there is no usage plan {name}: deploy the stage with auth api_key first")


def join_plan(client: Any, plan: Json, api_id: str, stage: str) -> bool:
    """Put an API's stage under a plan; return True if it was not there yet."""
    if any(each["apiId"] == api_id and each["stage"] == stage for each in plan.get("apiStages", [])):
        return False
    patch = [{"op": "add", "path": "/apiStages", "value": f"{api_id}:{stage}"}]
    client.update_usage_plan(usagePlanId=plan["id"], patchOperations=patch)
    return True


def keys_of(client: Any, plan_id: str) -> list[Json]:
    """List the keys of a plan, without their values."""
    found: list[Json] = []
    for page in client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan_id):
        found += page["items"]
    return found
