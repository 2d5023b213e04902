import json
from typing import Any

import pytest

from headgate.local.endpoint.dispatch import (
    Head,
    body_limit_bytes,
    cbor_refusal,
    find_call,
    is_cbor,
    make_head,
    refusal,
)


class Named:
    """A service that only has to be told from another."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError(operation, request)


KINESIS, FIREHOSE = Named(), Named()
SERVICES = {"Kinesis_20131202": KINESIS, "Firehose_20150804": FIREHOSE}


def head_of(target: str | None = None, content_type: str = "", path: str = "/") -> Head:
    pairs = [("X-Amz-Target", target)] if target else []
    return make_head("POST", path, [*pairs, ("Content-Type", content_type)])


def test_the_target_s_prefix_names_the_service_and_the_rest_its_operation() -> None:
    assert find_call(SERVICES, head_of("Kinesis_20131202.PutRecord")) == (KINESIS, "PutRecord")
    assert find_call(SERVICES, head_of("Firehose_20150804.PutRecord")) == (FIREHOSE, "PutRecord")


@pytest.mark.parametrize(
    "target", [None, "Logs_20140328.PutLogEvents", "Kinesis_20131203.PutRecord", "", "."]
)
def test_what_no_service_is_registered_for_is_moto_s(target: str | None) -> None:
    assert find_call(SERVICES, head_of(target)) is None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (head_of("Kinesis_20131202.PutRecord", "application/x-amz-cbor-1.1"), True),
        (head_of("Kinesis_20131202.PutRecord", "application/x-amz-json-1.1"), False),
        (head_of(None, "application/cbor", "/service/Kinesis_20131202/operation/PutRecord"), True),
        (
            head_of(
                None, "application/cbor", "/service/GraniteServiceVersion20100801/operation/PutMetricData"
            ),
            False,
        ),
    ],
)
def test_cbor_is_recognised_only_where_our_services_are_meant(head: Head, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_cbor(SERVICES, head) is expected


def test_a_cbor_client_is_told_the_switch_that_helps() -> None:
    reply = cbor_refusal(head_of("Kinesis_20131202.PutRecord", "application/x-amz-cbor-1.1"))
    assert reply.status == 400
    assert "AWS_CBOR_DISABLE=true" in json.loads(reply.body)["message"]


def test_a_refusal_speaks_json_to_a_json_client_and_xml_to_s3() -> None:
    to_kinesis = refusal(head_of("Kinesis_20131202.PutRecord"), 413, "EntityTooLarge", "too <large>")
    assert json.loads(to_kinesis.body) == {"__type": "EntityTooLarge", "message": "too <large>"}
    to_s3 = refusal(head_of(), 413, "EntityTooLarge", "too <large>")
    assert b"<Code>EntityTooLarge</Code><Message>too &lt;large&gt;</Message>" in to_s3.body


def test_a_json_request_may_hold_16_mib_and_an_object_more() -> None:
    assert body_limit_bytes(head_of("Kinesis_20131202.PutRecords")) == 16 * 1024 * 1024
    assert body_limit_bytes(head_of()) > 128 * 1024 * 1024


def test_repeated_headers_are_joined_and_kept_as_sent() -> None:
    head = make_head("GET", "/", [("X-One", "1"), ("x-one", "2")])
    assert head.headers == {"x-one": "1,2"}
    assert head.pairs == [("X-One", "1"), ("x-one", "2")]
