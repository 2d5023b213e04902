"""The table of contents: routes and Kinesis handler, no logic. The names `app` and `transform` are frozen."""

from typing import Any

from chalice import Chalice, IAMAuthorizer, Response

from chalicelib.compose import Handlers
from chalicelib.config import settings
from chalicelib.gateway import Answer

stage = settings()
handlers = Handlers(stage)
app = Chalice(app_name="headgate", debug=False)
app.api.binary_types = ["*/*"]  # for API Gateway: it hands over every body as base64, byte for byte
api_key = stage.auth == "api_key"
signature = IAMAuthorizer() if stage.auth == "iam" else None


@app.route("/v1", methods=["POST"], content_types=[], api_key_required=api_key, authorizer=signature)
def post_v1() -> Response:
    """Take events."""
    return response(handlers.post(app.current_request.to_original_event(), app.lambda_context))


@app.route("/v1", methods=["OPTIONS"], content_types=[])
def preflight_v1() -> Response:
    """Answer a browser's preflight, which carries no key."""
    return response(handlers.preflight(app.current_request.to_original_event()))


@app.route("/v1", methods=["GET", "HEAD", "PUT", "PATCH", "DELETE"], content_types=[])
def refuse_v1() -> Response:
    """Say which methods there are."""
    return response(handlers.refuse(app.current_request.to_original_event()))


@app.route("/health", methods=["GET"], content_types=[])
def health() -> Response:
    """Answer without touching AWS."""
    return response(handlers.health(app.current_request.to_original_event()))


@app.route("/ready", methods=["GET"], content_types=[])
def ready() -> Response:
    """Prove that the stream is there."""
    return response(handlers.ready(app.current_request.to_original_event()))


@app.on_kinesis_record(stage.stream, stage.batch_size, "TRIM_HORIZON", "transform", stage.batch_window_s)
def transform(event: Any) -> dict[str, Any]:
    """Curate a batch of the stream."""
    return handlers.transform(event.to_dict(), event.context)


def response(answer: Answer) -> Response:
    """Return Chalice's word for an answer. Chalice would judge it by the list that is for the gateway."""
    app.api.binary_types = []
    return Response(answer.body.decode(), dict(answer.headers), answer.status)
