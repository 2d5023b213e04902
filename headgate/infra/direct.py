"""The optional second API: `POST /v1` goes to the stream by service integration, without Lambda.

What it gives up: validation beyond "a JSON object", batches, packing, the ordering field. What it keeps: the
receipt, the throttle, the keys, the error shape, one line a record, and the event id as partition key.
"""

import hashlib
import json

from headgate.infra.api import access_log, method_settings
from headgate.infra.direct_templates import RECEIPT, REFUSED, request_template
from headgate.infra.gateway_errors import RETRY_AFTER_S, gateway_responses
from headgate.infra.intrinsics import Json, arn, att, ref, resource, sub, tags
from headgate.infra.roles import allow, policy, trust
from headgate.settings import StageSettings, names_of

DIRECT_ACTIONS = ["kinesis:PutRecord"]


def direct(settings: StageSettings) -> dict[str, Json]:
    """Make the API, its role and its one stage; nothing unless the stage wants it."""
    if not settings.direct:
        return {}
    document = api_document(settings)
    # A deployment is a snapshot: only a new logical id makes CloudFormation take a new one.
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:10]
    deployment = f"DirectDeployment{digest}"
    api = {"Body": document, "EndpointConfiguration": {"Types": ["REGIONAL"]}, "Tags": tags(settings)}
    stage = {
        "RestApiId": ref("DirectAPI"),
        "DeploymentId": ref(deployment),
        "StageName": settings.stage,
        "MethodSettings": [method_settings(settings)],
        "AccessLogSetting": access_log(),
        "Tags": tags(settings),
    }
    return {
        "DirectRole": _role(settings),
        "DirectAPI": resource("AWS::ApiGateway::RestApi", api),
        deployment: resource("AWS::ApiGateway::Deployment", {"RestApiId": ref("DirectAPI")}),
        "DirectStage": resource("AWS::ApiGateway::Stage", stage, DependsOn=["GatewayAccount"]),
    }


def api_document(settings: StageSettings) -> Json:
    """Make the OpenAPI document of the direct API."""
    schemes: dict[str, list[Json]] = {"api_key": [{"api_key": []}], "iam": [{"sigv4": []}], "none": []}
    post = {
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "parameters": [
            {"in": "body", "name": "event", "required": True, "schema": {"$ref": "#/definitions/Event"}}
        ],
        "security": schemes[settings.auth],
        "responses": _ANSWERS,
        "x-amazon-apigateway-request-validator": "body",
        "x-amazon-apigateway-integration": _integration(settings),
    }
    return {
        "swagger": "2.0",
        "info": {"title": f"headgate-{settings.stage}-direct", "version": "1.0"},
        "paths": {"/v1": {"post": post}},
        "definitions": {"Event": {"type": "object"}},
        "securityDefinitions": _SECURITY,
        "x-amazon-apigateway-request-validators": {
            "body": {"validateRequestBody": True, "validateRequestParameters": False}
        },
        "x-amazon-apigateway-gateway-responses": gateway_responses(settings),
    }


_RETRY = {"headers": {"Retry-After": {"type": "string"}}}
_ANSWERS = {
    "200": {"description": "the receipt"},
    "400": {"description": "not an event", **_RETRY},
    "503": {"description": "send again", **_RETRY},
}
_SECURITY = {
    "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    "sigv4": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
}


def _integration(settings: StageSettings) -> Json:
    refused = {
        "responseTemplates": {"application/json": REFUSED},
        "responseParameters": {"method.response.header.Retry-After": f"'{RETRY_AFTER_S}'"},
    }
    return {
        "type": "aws",
        "httpMethod": "POST",
        "uri": sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:kinesis:action/PutRecord"),
        "credentials": att("DirectRole"),
        "passthroughBehavior": "never",
        "requestParameters": {"integration.request.header.Content-Type": "'application/x-amz-json-1.1'"},
        "requestTemplates": {"application/json": request_template(names_of(settings).stream)},
        "responses": {
            "200": {"statusCode": "200", "responseTemplates": {"application/json": RECEIPT}},
            "4\\d{2}": {"statusCode": "400", **refused},
            "5\\d{2}": {"statusCode": "503", **refused},
        },
    }


def _role(settings: StageSettings) -> Json:
    statements = [allow(DIRECT_ACTIONS, arn("kinesis", f"stream/{names_of(settings).stream}"))]
    properties = {
        "AssumeRolePolicyDocument": trust("apigateway"),
        "Policies": [policy("put", statements)],
        "Tags": tags(settings),
    }
    return resource("AWS::IAM::Role", properties)
