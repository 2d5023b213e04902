"""Every body reaches the function as its bytes, in base64, however the API is made (G02, G06, D06)."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from chalice.deploy.swagger import CFNSwaggerGenerator, TemplatedSwaggerGenerator
from chalice.test import Client

from chalicelib import limits
from tests.app_rig import Context, ask, import_app, recorded, set_stage
from tests.moto_rig import moto_endpoint

ROOT = Path(__file__).parents[2]
LIST = "x-amazon-apigateway-binary-media-types"
# Source: API Gateway, quotas for REST APIs: request line and header values together.
HEAD_BYTES = 10_240


@pytest.fixture(scope="module", autouse=True)
def stream() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environ:
        set_stage(environ)
        with moto_endpoint(environ):
            boto3.client("kinesis").create_stream(StreamName="headgate-dev", ShardCount=1)
            yield


@pytest.mark.parametrize("generator", [TemplatedSwaggerGenerator, CFNSwaggerGenerator])
def test_both_ways_to_deploy_make_an_api_that_takes_every_type_as_binary(generator: Any) -> None:
    """`chalice deploy` and `chalice package`, by Chalice's own generators on the app as it is imported."""
    assert generator().generate_swagger(import_app().app)[LIST] == ["*/*"]


@pytest.mark.parametrize("accept", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}, {"Accept": "a/b"}])
@pytest.mark.parametrize("name", ["api_gateway_post", "api_gateway_get_health", "api_gateway_get_v1"])
def test_the_first_answer_of_a_new_function_is_text_whatever_the_client_accepts(
    name: str, accept: dict[str, str]
) -> None:
    app = import_app()
    for _ in range(2):  # the list of types is there at init only
        answer = app.app({**recorded(name), "headers": {"X-A": "b", **accept}}, Context())
        assert answer["statusCode"] in {200, 405}
        assert not answer.get("isBase64Encoded")
        assert json.loads(answer["body"])


def test_d06_bytes_that_are_not_utf8_are_refused_and_not_stored_altered() -> None:
    """As text, API Gateway would have made U+FFFD of them, which is legal JSON."""
    body = b64encode(b'{"name":"Jos\xe9"}').decode()
    status, _, answer = ask(import_app(), "api_gateway_post", body=body, isBase64Encoded=True)
    assert (status, answer["Errors"][0]["Code"]) == (400, "InvalidUtf8")


def test_g02_the_largest_body_of_the_worst_kind_fits_lambdas_event_and_is_stored() -> None:
    """Quoted as JSON text, escapes grow twofold and more; in base64 every body grows 1.33-fold."""
    event = b'{"a":"' + b'\\"' * ((limits.EVENT_MAX_BYTES - 8) // 2) + b'"}'
    body = b"\n".join([event] * 4).ljust(limits.BODY_MAX_BYTES)
    assert len(json.dumps(body.decode())) > limits.LAMBDA_PAYLOAD_MAX_BYTES, "as text it would not fit"
    whole = recorded("api_gateway_post")
    # One head of header values that are written as \u00ff, in each of the places that repeat it.
    worst = "\xff" * HEAD_BYTES
    whole["headers"]["X-Worst"], whole["multiValueHeaders"]["X-Worst"] = worst, [worst]
    whole["headers"]["Content-Type"] = "application/x-ndjson"
    whole |= {"body": b64encode(body).decode(), "isBase64Encoded": True}
    assert len(json.dumps(whole)) <= limits.LAMBDA_PAYLOAD_MAX_BYTES
    answer = import_app().app(whole, Context())
    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["Records"]) == 4


def test_chalices_own_test_client_gets_answers_from_an_app_that_has_answered_nothing_yet() -> None:
    with Client(import_app().app, stage_name="dev", project_dir=str(ROOT)) as client:
        answer = client.http.post("/v1", headers={"Content-Type": "application/json"}, body=b'{"a":1}')
        assert (answer.status_code, sorted(answer.json_body)) == (200, ["SequenceNumber", "ShardId"])
