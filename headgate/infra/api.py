"""The API's stage.

Throttle, metrics, access log, error responses, and the usage plan of the partners' keys.
"""

import json

from headgate.infra.gateway_errors import gateway_responses
from headgate.infra.intrinsics import Json, arn, ref, resource, tag_map, tags
from headgate.infra.roles import trust
from headgate.settings import StageSettings

ACCESS_LOG_FORMAT = json.dumps(
    {
        "request_id": "$context.requestId",
        "time": "$context.requestTime",
        "method": "$context.httpMethod",
        "path": "$context.resourcePath",
        "status": "$context.status",
        "response_bytes": "$context.responseLength",
        "latency_ms": "$context.responseLatency",
        "integration_latency_ms": "$context.integrationLatency",
        "error": "$context.error.responseType",
        "key_id": "$context.identity.apiKeyId",
    }
)
"""One JSON line a request: no body, no key, no address (I10). `key_id` is the key's id, not its value."""


def method_settings(settings: StageSettings) -> Json:
    """Make the settings of every method.

    The throttle that bounds the bill, and metrics; payloads are not logged.
    """
    return {
        "ResourcePath": "/*",
        "HttpMethod": "*",
        "ThrottlingRateLimit": settings.throttle.rate_per_s,
        "ThrottlingBurstLimit": settings.throttle.burst,
        "MetricsEnabled": True,
        "DataTraceEnabled": False,
    }


def rest_api(settings: StageSettings) -> Json:
    """Make what is merged over Chalice's RestAPI.

    OpenApiVersion keeps SAM from adding a second stage (O04).
    """
    return {
        "DependsOn": ["GatewayAccount"],
        "Properties": {
            "OpenApiVersion": "2.0",
            "MethodSettings": [method_settings(settings)],
            "AccessLogSetting": access_log(),
            "DefinitionBody": {"x-amazon-apigateway-gateway-responses": gateway_responses(settings)},
            "Tags": tag_map(settings),
        },
    }


def access_log() -> Json:
    """Make the access log of a stage; GetAtt would end in `:*`, which API Gateway refuses."""
    return {"DestinationArn": arn("logs", "log-group:${AccessLogs}"), "Format": ACCESS_LOG_FORMAT}


def gateway_account(settings: StageSettings) -> dict[str, Json]:
    """Make the account's role for API Gateway's logs.

    It is one setting for the whole account and region, so it outlives the stack: another stage may use it.
    """
    managed = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{_LOGS_POLICY}"}
    role = {
        "AssumeRolePolicyDocument": trust("apigateway"),
        "ManagedPolicyArns": [managed],
        "Tags": tags(settings),
    }
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {
        "GatewayLogsRole": resource("AWS::IAM::Role", role, **kept),
        "GatewayAccount": resource(
            "AWS::ApiGateway::Account",
            {"CloudWatchRoleArn": {"Fn::GetAtt": ["GatewayLogsRole", "Arn"]}},
            **kept,
        ),
    }


_LOGS_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
"""API Gateway refuses a role that cannot do all that this policy allows.

Source: its developer guide, logging.
"""


def usage_plan(settings: StageSettings, stages: list[Json]) -> dict[str, Json]:
    """Make the plan to which `infra keys add` ties each partner's key; nothing without auth `api_key`."""
    if settings.auth != "api_key":
        return {}
    partner = settings.partner
    properties: Json = {
        "UsagePlanName": usage_plan_name(settings),
        "ApiStages": stages,
        "Throttle": {"RateLimit": partner.rate_per_s, "BurstLimit": partner.burst},
        "Tags": tags(settings),
    }
    if partner.quota_requests is not None:
        properties["Quota"] = {"Limit": partner.quota_requests, "Period": partner.quota_period.upper()}
    return {"UsagePlan": resource("AWS::ApiGateway::UsagePlan", properties)}


def usage_plan_name(settings: StageSettings) -> str:
    """Answer the plan's name, by which the commands find it in both ways."""
    return f"headgate-{settings.stage}"


def chalice_stage() -> Json:
    """Answer the API stage that SAM makes of Chalice's RestAPI."""
    return {"ApiId": ref("RestAPI"), "Stage": ref("RestAPI.Stage")}
