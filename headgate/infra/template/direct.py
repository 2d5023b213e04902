"""The optional second API: `POST /v1` reaches the stream by a service integration, without Lambda.

It gives up validation beyond "a JSON object", batches, packing and the ordering field. It keeps the receipt,
the throttle, the keys, the error shape, one line per record, and the event id as partition key. A test
evaluates its Velocity templates with another engine and feeds the result to Kinesis.
"""

import hashlib
import json

from chalicelib.packing import KEY_MARK
from headgate.infra.template.api import RETRY_AFTER_S, access_log, gateway_responses, method_settings
from headgate.infra.template.intrinsics import Json, allow, arn, att, policy, ref, resource, sub, tags, trust
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


_STREAM = "@stream@"

# Raw line breaks of a JSON text are white space between tokens: they go, and one newline ends the line. The
# partition key is the event id behind our mark, as in the ingest function: the client's key, else the
# extended request id, because a client can choose the other one. HTTP/2 brings header names in lower case,
# so the names are compared without their case.
#
# escapeJavaScript writes `\'` for an apostrophe, which JSON does not have: the backslash is removed again.
# It is decoded because Velocity's engines differ in how they read one in a text.
# Source: API Gateway developer guide, variables for data transformations, $util.escapeJavaScript().
_REQUEST = """\
#set($line = $input.body.replaceAll("[\\r\\n]", ""))
#set($newline = $util.urlDecode("%0A"))
#set($backslash = $util.urlDecode("%5C"))
#set($headers = $input.params().header)
#set($found = {"key": ""})
#foreach($name in $headers.keySet())
#if($name.matches("(?i)idempotency-key"))
#set($ignored = $found.put("key", $headers.get($name)))
#end
#end
#set($key = $found.get("key"))
#if($key == "" || $key.length() > 200)
#set($key = $context.extendedRequestId)
#end
{"StreamName": "@stream@", "Data": "$util.base64Encode("$line$newline")",
 "PartitionKey": "@mark@$util.escapeJavaScript($key).replaceAll("$backslash$backslash'", "'")"}
"""

RECEIPT = """\
{"SequenceNumber": $input.json("$.SequenceNumber"), "ShardId": $input.json("$.ShardId")}
"""

_PASSING = "ProvisionedThroughput|LimitExceeded|Throttling|InternalFailure|ServiceUnavailable"

# Kinesis answers 400 for what passes as well as for what never will. Both carry Retry-After, which is mapped
# outside: a header with a hyphen cannot be set here, and a client reads it only beside a 503.
REFUSED = f"""\
#if($input.body.matches("(?s).*({_PASSING}).*"))
#set($context.responseOverride.status = 503)
{{"Code": "Unavailable", "Message": "Not written. Send again with the same Idempotency-Key.",
 "RequestId": "$context.requestId"}}
#else
{{"Code": "InvalidEvent", "Message": "The stream refuses this event.", "RequestId": "$context.requestId"}}
#end
"""


def request_template(stream: str) -> str:
    """Make the template that turns a request into a PutRecord."""
    return _REQUEST.replace(_STREAM, stream).replace("@mark@", KEY_MARK)
