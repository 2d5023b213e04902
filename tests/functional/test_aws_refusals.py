"""Whatever an answer looks like, it means what it meant with botocore: the same kind of failure."""

from typing import Any

import botocore.session
import pytest
from botocore.parsers import ResponseParserError, create_parser
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.refusals import code_of_json, code_of_xml, failure_of

SESSION = botocore.session.get_session()
HTML = b"<html><head><title>502</title></head><body><center>Bad Gateway</center></body></html>"
XML = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><RequestId>1</RequestId></Error>'
STATUSES = [400, 403, 404, 407, 413, 429, 500, 502, 503]
JSON_BODIES = [
    b'{"__type":"ProvisionedThroughputExceededException","message":"m"}',
    b'{"__type":"com.amazonaws.kinesis#ResourceNotFoundException"}',
    b'{"__type":"AccessDeniedException:http://internal.amazon.com/coral/","Message":"m"}',
    b'{"__type":"com.a.b#KMSThrottlingException:x"}',
    b'{"message":"Signature expired"}',
    b"{}",
    b"",
    b"  \n",
    HTML,
    b"<HTML>x",
    b"Too many",
]
XML_BODIES = [
    *(XML % code for code in (b"NoSuchBucket", b"SlowDown", b"AccessDenied", b"InternalError", b"")),
    b"<ErrorResponse><Error><Code>SlowDown</Code></Error><RequestId>1</RequestId></ErrorResponse>",
    b"<Error><Code>SlowDown</Code>",
    b"",
    HTML,
    b"\xff\xfe",
]


def of_botocore(service: str, operation: str, status: int, headers: dict[str, str], body: bytes) -> str:
    """The code that botocore finds; its error's name when it finds none at all."""
    model = SESSION.get_service_model(service)
    parser = create_parser(model.metadata["protocol"])
    response: dict[str, Any] = {"status_code": status, "headers": headers, "body": body}
    try:
        parsed = parser.parse(response, model.operation_model(operation).output_shape)
    except ResponseParserError as error:
        return type(error).__name__
    return str(parsed["Error"]["Code"])


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", JSON_BODIES)
@pytest.mark.parametrize("headers", [{}, {"x-amzn-errortype": "ThrottlingException:"}])
def test_a_refusal_in_json_means_the_same(status: int, body: bytes, headers: dict[str, str]) -> None:
    theirs = of_botocore("kinesis", "PutRecords", status, headers, body)
    ours = code_of_json(status, body)
    assert failure_of(ours)._replace(cause="") == failure_of(theirs)._replace(cause="")
    assert ours == theirs


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("body", XML_BODIES)
def test_a_refusal_in_xml_means_the_same(status: int, body: bytes) -> None:
    theirs = of_botocore("s3", "PutObject", status, {}, body)
    assert failure_of(code_of_xml(status, body))._replace(cause="") == failure_of(theirs)._replace(cause="")


@given(st.integers(300, 599), st.binary(max_size=60))
@example(400, b"[]")
@example(400, b'{"__type":7}')
@example(400, b'{"__type":null}')
def test_no_answer_is_more_than_the_reader_can_take(status: int, body: bytes) -> None:
    assert code_of_json(status, body) == str(status)
    assert isinstance(code_of_xml(status, body), str)
