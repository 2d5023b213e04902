"""The API's stage: throttle, metrics, access log, the partners' usage plan, and the gateway's own errors.

API Gateway's own errors have the shape and the codes of the contract. Without that a client would meet AWS's
texts, a 403 for an unknown path, and a 500 when Lambda is out of concurrency (G05). Used by the template of
both ways to deploy, by `infra tune`, and by the direct API.
"""

import json

from chalicelib.errors import CODES
from headgate.infra.template.intrinsics import Json, arn, ref, resource, tag_map, tags, trust
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
    """Return the plan's name, by which the commands find it in both ways."""
    return f"headgate-{settings.stage}"


def chalice_stage() -> Json:
    """Return the API stage that SAM makes of Chalice's RestAPI."""
    return {"ApiId": ref("RestAPI"), "Stage": ref("RestAPI.Stage")}


RETRY_AFTER_S = 1
RETRIED = ("Throttled", "Unavailable")

_CODE_OF = {
    "ACCESS_DENIED": "Forbidden",
    "API_CONFIGURATION_ERROR": "Unavailable",
    "AUTHORIZER_CONFIGURATION_ERROR": "Unavailable",
    "AUTHORIZER_FAILURE": "Unavailable",
    "BAD_REQUEST_BODY": "InvalidEvent",
    "BAD_REQUEST_PARAMETERS": "BadRequest",
    "DEFAULT_4XX": "BadRequest",
    "DEFAULT_5XX": "Unavailable",
    "EXPIRED_TOKEN": "Forbidden",
    "INTEGRATION_FAILURE": "Unavailable",
    "INTEGRATION_TIMEOUT": "Unavailable",
    "INVALID_API_KEY": "Forbidden",
    "INVALID_SIGNATURE": "Forbidden",
    "QUOTA_EXCEEDED": "Throttled",
    "REQUEST_TOO_LARGE": "TooLarge",
    "RESOURCE_NOT_FOUND": "NotFound",
    "THROTTLED": "Throttled",
    "UNAUTHORIZED": "Forbidden",
    "UNSUPPORTED_MEDIA_TYPE": "UnsupportedMediaType",
    "WAF_FILTERED": "Forbidden",
}
"""Source: API Gateway developer guide, gateway response types."""

# This class covers statuses of its own; a fixed one would turn a 404 into a 400.
_KEEPS_STATUS = {"DEFAULT_4XX"}


def gateway_responses(settings: StageSettings) -> dict[str, Json]:
    """Make response type to status, headers and template, in the form of the OpenAPI extension."""
    # To API Gateway, a path that does not exist is a missing authentication token.
    missing = "Forbidden" if settings.auth == "iam" else "NotFound"
    codes = _CODE_OF | {"MISSING_AUTHENTICATION_TOKEN": missing}
    return {kind: _response(settings, kind, code) for kind, code in sorted(codes.items())}


def _response(settings: StageSettings, kind: str, code: str) -> Json:
    status, meaning = CODES[code]
    body = {"Code": code, "Message": meaning.replace("`", ""), "RequestId": "$context.requestId"}
    made: Json = {
        "responseParameters": _headers(settings, code),
        "responseTemplates": {"application/json": json.dumps(body)},
    }
    return made if kind in _KEEPS_STATUS else {"statusCode": str(status), **made}


def _headers(settings: StageSettings, code: str) -> dict[str, str]:
    headers = {"X-Request-Id": "context.requestId"}
    if code in RETRIED:
        headers["Retry-After"] = f"'{RETRY_AFTER_S}'"
    if settings.cors_origins:
        headers["Access-Control-Allow-Origin"] = _allowed_origin(settings)
        headers["Access-Control-Expose-Headers"] = "'X-Request-Id,Retry-After'"
    return {f"gatewayresponse.header.{name}": value for name, value in headers.items()}


def _allowed_origin(settings: StageSettings) -> str:
    # The gateway cannot choose from a list, so with several origins its own errors are for everyone: they say
    # nothing that the client does not know, and credentials are not allowed.
    return f"'{settings.cors_origins[0]}'" if len(settings.cors_origins) == 1 else "'*'"
