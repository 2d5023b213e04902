"""What the contract promises fits through every service on the way (I12, G02, K05, T10)."""

import orjson
import pytest

from chalicelib import envelope, gateway, limits
from chalicelib.decode import Rules, decode
from chalicelib.errors import CODES, EVENT_CODES, Rejected
from chalicelib.schemas import Schemas

# API Gateway's event around the body: 10,240 bytes of request line and header values at most, each byte as 6
# (`\u00ff`), in four places of the event at most, and the context. test_binary_bodies.py builds one.
GATEWAY_EVENT_BYTES = 4 * 6 * 10_240 + 10_000


def test_g02_the_largest_body_fits_lambdas_event_as_base64_with_the_largest_frame() -> None:
    assert limits.BODY_MAX_BYTES * 4 / 3 + GATEWAY_EVENT_BYTES < limits.LAMBDA_PAYLOAD_MAX_BYTES
    assert limits.BODY_MAX_BYTES < limits.GATEWAY_BODY_MAX_BYTES


def test_t10_the_longest_event_in_the_longest_envelope_fits_a_firehose_record() -> None:
    key = "\x00" * limits.PARTITION_KEY_MAX_CHARS + "#1048576"
    origin = envelope.origin(2e9, "s" * 128, "9" * 128)
    line = envelope.wrap(key, "\x00" * limits.TYPE_MAX_CHARS, b" " * limits.EVENT_MAX_BYTES, origin)
    assert len(line) <= limits.FIREHOSE_RECORD_MAX_BYTES


def test_k05_the_longest_event_fits_a_kinesis_record_with_the_longest_key() -> None:
    assert limits.EVENT_MAX_BYTES + 1 + limits.PARTITION_KEY_MAX_CHARS <= limits.KINESIS_RECORD_MAX_BYTES
    assert limits.IDEMPOTENCY_KEY_MAX_CHARS + len(f"/{limits.EVENTS_MAX}") <= limits.PARTITION_KEY_MAX_CHARS
    assert limits.EVENTS_MAX <= limits.KINESIS_RECORDS_MAX
    assert limits.PACK_BYTES <= limits.EVENT_MAX_BYTES


def test_every_code_has_a_status_and_a_sentence() -> None:
    for code, (status, meaning) in CODES.items():
        assert 400 <= status <= 503, code
        assert meaning.endswith("."), code
    assert all(meaning.endswith(".") for meaning in EVENT_CODES.values())
    assert not set(CODES) & set(EVENT_CODES)


@pytest.mark.parametrize("character", ["x", '"', "\\", "\u00e9", "\U0001f600", "\x01"])
def test_d08_g02_the_longest_list_of_errors_fits_lambdas_answer(character: str) -> None:
    """The answer is JSON, and a string inside the JSON that Lambda gives to the gateway."""
    schema = '{"properties":{"type":true},"additionalProperties":{"additionalProperties":{"type":"string"}}}'
    fields = {f"{number:02}": number for number in range(limits.ERRORS_PER_EVENT_MAX + 1)}
    event = {"type": "t", character * 245: fields}
    body = orjson.dumps([event] * limits.EVENTS_MAX)
    with pytest.raises(Rejected) as caught:
        decode(body, {}, Rules(Schemas({"t": schema})))
    answer = gateway.refused("r" * 36, caught.value)
    assert {error.index for error in caught.value.errors} == set(range(limits.EVENTS_MAX))
    assert len(orjson.dumps({"body": answer.body.decode()})) < limits.LAMBDA_PAYLOAD_MAX_BYTES - 10_000
