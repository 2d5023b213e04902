"""Starts ministack with the two things that it lacks: OpenAPI documents over HTTP, and an API joining a plan.

Run by the interpreter of ministack's own environment, so it imports nothing of ours. As shipped, ministack
answers `POST /restapis?mode=import` with an API without routes, and does not know `PUT /restapis/{id}`; its
own import function, which CloudFormation uses, does it right. A usage plan keeps "<api>:<stage>" as sent.
"""

import json
from typing import Any

# ministack lives in an environment of its own, so mypy cannot see it.
from ministack.app import main  # type: ignore[import-not-found]
from ministack.services import apigateway_v1  # type: ignore[import-not-found]

shipped = apigateway_v1.handle_request


async def handle_request(method: str, path: str, headers: Any, body: bytes, query: dict[str, Any]) -> Any:
    """Import documents; leave everything else to ministack."""
    parts = path.strip("/").split("/")
    if parts == ["restapis"] and method == "POST" and "import" in str(query.get("mode")):
        api_id = apigateway_v1._import_rest_api(json.loads(body))
        return created(api_id)
    if parts[0] == "restapis" and len(parts) == 2 and method == "PUT":
        overwrite(parts[1], json.loads(body))
        return created(parts[1])
    if parts[0] == "usageplans" and len(parts) == 2 and method == "PATCH":
        return join_plan(parts[1], json.loads(body))
    return await shipped(method, path, headers, body, query)


def created(api_id: str) -> Any:
    """Answer with the API, as ImportRestApi and PutRestApi do."""
    return apigateway_v1._get_rest_api(api_id)


def overwrite(api_id: str, document: dict[str, Any]) -> None:
    """Replace an API's resources by those of a document."""
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
    main()
