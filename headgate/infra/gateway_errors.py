"""API Gateway's own refusals, in the error shape and with the codes of the contract.

Without these a client would meet AWS's texts, a 403 for an unknown path, and a 500 when Lambda is out of
concurrency (G05). Used by the template (way 2), by `infra tune` (way 1) and by the direct API.
"""

import json

from chalicelib.errors import CODES
from headgate.infra.intrinsics import Json
from headgate.settings import StageSettings

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
    # The gateway cannot choose from a list. With several origins it repeats the one that asks: its own errors
    # say nothing that the asker does not know, and credentials are not allowed.
    if len(settings.cors_origins) == 1:
        return f"'{settings.cors_origins[0]}'"
    return "method.request.header.Origin"
