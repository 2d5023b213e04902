"""The direct API: another engine evaluates its Velocity templates, and our Kinesis takes what they make."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import airspeed
import pytest

from chalicelib.packing import KEY_MARK
from headgate.infra.template.direct import RECEIPT, REFUSED, direct, request_template
from headgate.infra.template.template import data_plane
from headgate.settings import parse_settings
from tests.kinesis_rig import open_rig


class Input:
    """API Gateway's $input."""

    def __init__(self, body: str, headers: dict[str, str]) -> None:
        self.body = body
        self._headers = headers

    def params(self) -> dict[str, dict[str, str]]:
        # Source: API Gateway developer guide, `$input.params()` is a map of path, querystring and header.
        return {"path": {}, "querystring": {}, "header": self._headers}

    def json(self, path: str) -> str:
        return json.dumps(json.loads(self.body)[path.removeprefix("$.")])


def escaped(text: str) -> str:
    """Escape as `$util.escapeJavaScript` does: apostrophe and slash too, which JSON need not.

    Source: API Gateway developer guide, `$util.escapeJavaScript()`: "turns any regular single quotes (') into
    escaped ones (\\')"; the rest as Apache Commons Lang's StringEscapeUtils.escapeEcmaScript.
    """
    named = {
        '"': '\\"',
        "'": "\\'",
        "\\": "\\\\",
        "/": "\\/",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
    return "".join(
        named.get(each) or (each if " " <= each <= "~" else f"\\u{ord(each):04X}") for each in text
    )


class Util:
    """API Gateway's $util, under its own names."""

    base64Encode = staticmethod(lambda text: base64.b64encode(text.encode()).decode())  # noqa: N815  API Gateway's name
    escapeJavaScript = staticmethod(escaped)  # noqa: N815  API Gateway's name
    urlDecode = staticmethod(unquote_plus)  # noqa: N815  API Gateway's name


def evaluated(template: str, body: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    context: dict[str, Any] = {
        "requestId": "the-request",
        "extendedRequestId": "extended=",
        "responseOverride": {},
    }
    names = {"input": Input(body, headers or {}), "util": Util(), "context": context}
    result: dict[str, Any] = json.loads(airspeed.Template(template).merge(names))
    result |= context["responseOverride"]
    return result


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('{"value":"30","type":"Tip 3"}', '{"value":"30","type":"Tip 3"}\n'),
        ('{\n  "a": 1.10,\r\n  "b": "가 \\n $x #if"\n}', '{  "a": 1.10,  "b": "가 \\n $x #if"}\n'),
        ('{"n": 12345678901234567890, "n": 2}', '{"n": 12345678901234567890, "n": 2}\n'),
    ],
)
def test_a_body_becomes_one_line_with_nothing_else_touched(body: str, line: str) -> None:
    """T11."""
    assert base64.b64decode(evaluated(request_template("s"), body)["Data"]).decode() == line


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"Idempotency-Key": "mine", "X-Amzn-Trace-Id": "Root=1-a-b"}, "mine"),
        ({"idempotency-key": "mine"}, "mine"),
        ({"IDEMPOTENCY-KEY": "mine"}, "mine"),
        ({"X-Amzn-Trace-Id": "Root=1-a-b"}, "extended="),
        ({}, "extended="),
        ({"Idempotency-Key": ""}, "extended="),
        ({"Idempotency-Key": "k" * 200}, "k" * 200),
        ({"Idempotency-Key": "k" * 201}, "extended="),
        ({"Idempotency-Key": 'a"b\\'}, 'a"b\\'),
        ({"Idempotency-Key": "o'brien-1"}, "o'brien-1"),
        ({"Idempotency-Key": "\\'"}, "\\'"),
        ({"Idempotency-Key": "a/b\\\\'c''"}, "a/b\\\\'c''"),
        ({"Idempotency-Key": "hg1:mine"}, "hg1:mine"),
    ],
)
def test_the_partition_key_is_the_event_id_of_the_contract(headers: dict[str, str], key: str) -> None:
    """K06."""
    assert evaluated(request_template("s"), "{}", headers)["PartitionKey"] == KEY_MARK + key


def test_kinesis_takes_what_the_template_makes_and_gives_back_the_receipt(tmp_path: Path) -> None:
    with open_rig(tmp_path / "kinesis.sqlite") as rig:
        answer = rig.bare(
            "PutRecord", **evaluated(request_template("clicks"), '{"a":\n1}', {"Idempotency-Key": "k"})
        )
        receipt = evaluated(RECEIPT, json.dumps(answer))
        assert receipt == {key: answer[key] for key in ("SequenceNumber", "ShardId")}
        assert rig.data() == [b'{"a":1}\n']


@pytest.mark.parametrize(
    ("code", "expected", "status"),
    [
        ("ProvisionedThroughputExceededException", "Unavailable", 503),
        ("ValidationException", "InvalidEvent", None),
    ],
)
def test_a_refusal_says_whether_sending_again_helps(code: str, expected: str, status: int | None) -> None:
    """K02."""
    answer = evaluated(REFUSED, json.dumps({"__type": code, "message": "x"}))
    assert (answer["Code"], answer["RequestId"], answer.get("status")) == (expected, "the-request", status)


def test_there_is_no_second_api_unless_the_stage_wants_it() -> None:
    assert direct(parse_settings("prod", {})) == {}
    assert "DirectUrl" in data_plane(parse_settings("prod", {"direct": True}))["Outputs"]


def test_a_changed_document_makes_a_new_deployment() -> None:
    def deployment(block: dict[str, Any]) -> str:
        return next(
            name for name in direct(parse_settings("prod", block)) if name.startswith("DirectDeployment")
        )

    assert deployment({"direct": True}) == deployment({"direct": True, "shards": 3})
    assert deployment({"direct": True}) != deployment({"direct": True, "auth": "none"})


@pytest.mark.parametrize(
    ("auth", "scheme"), [("api_key", [{"api_key": []}]), ("iam", [{"sigv4": []}]), ("none", [])]
)
def test_the_direct_api_is_as_closed_as_the_stage(auth: str, scheme: list[Any]) -> None:
    document = direct(parse_settings("prod", {"direct": True, "auth": auth}))["DirectAPI"]["Properties"][
        "Body"
    ]
    assert document["paths"]["/v1"]["post"]["security"] == scheme
