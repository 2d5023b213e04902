"""Starts ministack with what it lacks and AWS has.

That is: OpenAPI documents over HTTP with their binary media types, an API that joins a plan, a mapping that
is in the state Creating for a while, and an alarm that computes.

Run by the interpreter of ministack's own environment, so it imports nothing of ours. As shipped, ministack
answers `POST /restapis?mode=import` with an API without routes, and does not know `PUT /restapis/{id}`; its
own import function, which CloudFormation uses, does it right, except that it leaves the document's
`x-amazon-apigateway-binary-media-types` out. A usage plan keeps "<api>:<stage>" as sent. A new event source
mapping is enabled at once; on AWS it is in the state Creating first, and every change of it is refused with
ResourceInUseException. Source: API Gateway developer guide, OpenAPI extensions; Lambda API,
UpdateEventSourceMapping. An alarm that computes (metric math) is made of its first metric only: ministack
refuses it, and so whether it computes right is not shown here. Its validation of a bucket's name knows
nothing of the imports that its own change set has found; which names those are stays its decision.
"""

import json
import time
from typing import Any

# ministack lives in an environment of its own, so mypy cannot see it.
from ministack.app import main  # type: ignore[import-not-found]
from ministack.services import apigateway_v1, cloudformation, lambda_svc  # type: ignore[import-not-found]
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

CREATING_S = 20.0
"""Longer than Chalice needs from the mapping to its end, so that `infra tune` meets the state."""

shipped = apigateway_v1.handle_request
shipped_import = apigateway_v1._import_rest_api
shipped_shown = lambda_svc._esm_response
shipped_update = lambda_svc._update_esm
shipped_alarm = provisioners._cw_metric_alarm_record
shipped_conflict = provisioners.s3_bucket_name_conflict
born_s: dict[str, float] = {}
"""When each mapping was first seen, on the monotonic clock."""


async def handle_request(method: str, path: str, headers: Any, body: bytes, query: dict[str, Any]) -> Any:
    """Import documents; leave everything else to ministack."""
    parts = path.strip("/").split("/")
    if parts == ["restapis"] and method == "POST" and "import" in str(query.get("mode")):
        api_id = import_rest_api(json.loads(body))
        return created(api_id)
    if parts[0] == "restapis" and len(parts) == 2 and method == "PUT":
        overwrite(parts[1], json.loads(body))
        return created(parts[1])
    if parts[0] == "usageplans" and len(parts) == 2 and method == "PATCH":
        return join_plan(parts[1], json.loads(body))
    return await shipped(method, path, headers, body, query)


def import_rest_api(document: dict[str, Any], base: dict[str, Any] | None = None) -> Any:
    """Import a document together with its binary media types."""
    types = document.get("x-amazon-apigateway-binary-media-types", [])
    return shipped_import(document, {**(base or {}), "binaryMediaTypes": types})


def is_creating(mapping_id: str) -> bool:
    """Return whether a mapping is so new that AWS would still be creating it."""
    return time.monotonic() < born_s.setdefault(mapping_id, time.monotonic()) + CREATING_S


def shown(mapping: dict[str, Any]) -> Any:
    """Show a new mapping in the state Creating."""
    made = shipped_shown(mapping)
    return {**made, "State": "Creating"} if is_creating(mapping["UUID"]) else made


def update(mapping_id: str, data: dict[str, Any]) -> Any:
    """Refuse to change a mapping that is still being created."""
    if is_creating(mapping_id):
        words = f"The event source mapping {mapping_id} is being created"
        return lambda_svc.error_response_json("ResourceInUseException", words, 400)
    return shipped_update(mapping_id, data)


def alarm(name: str, properties: dict[str, Any]) -> Any:
    """Make the record of an alarm; one that computes becomes one on its first metric."""
    computed = dict(properties)
    stats = [each["MetricStat"] for each in computed.pop("Metrics", []) if "MetricStat" in each]
    if stats:
        first = stats[0]
        computed |= {"Statistic": first["Stat"], "Period": first["Period"], **first["Metric"]}
    return shipped_alarm(name, computed)


def name_conflict(name: str) -> Any:
    """Refuse a bucket's name that exists, unless the change set has found that bucket to import."""
    found = [each.get("_import_existing", {}) for each in cloudformation._change_sets.values()]
    imported = {value for each in found for identifier in each.values() for value in identifier.values()}
    return None if name in imported else shipped_conflict(name)


def created(api_id: str) -> Any:
    """Answer with the API, as ImportRestApi and PutRestApi do."""
    return apigateway_v1._get_rest_api(api_id)


def overwrite(api_id: str, document: dict[str, Any]) -> None:
    """Replace an API's resources by those of a document."""
    types = document.get("x-amazon-apigateway-binary-media-types", [])
    apigateway_v1._rest_apis[api_id]["binaryMediaTypes"] = types
    resources = apigateway_v1._resources[api_id]
    for resource_id in [each for each, body in resources.items() if body["path"] != "/"]:
        del resources[resource_id]
    schemes = apigateway_v1._import_security_schemes(api_id, document)
    for path, item in document["paths"].items():
        apigateway_v1._import_path_item(api_id, path, item, schemes, document.get("security"))


def join_plan(plan_id: str, request: dict[str, Any]) -> Any:
    """Put an API's stage under a usage plan."""
    for each in request["patchOperations"]:
        if (each["op"], each["path"]) != ("add", "/apiStages"):
            raise NotImplementedError(each["path"])
        api_id, stage = each["value"].split(":")
        plan = apigateway_v1._usage_plans[plan_id]
        plan.setdefault("apiStages", []).append({"apiId": api_id, "stage": stage})
    return apigateway_v1._get_usage_plan(plan_id)


if __name__ == "__main__":
    apigateway_v1.handle_request = handle_request
    apigateway_v1._import_rest_api = import_rest_api
    lambda_svc._esm_response = shown
    lambda_svc._update_esm = update
    provisioners._cw_metric_alarm_record = alarm
    provisioners.s3_bucket_name_conflict = name_conflict
    main()
