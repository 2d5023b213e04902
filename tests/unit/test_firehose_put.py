import base64
from typing import Any

import pytest

from headgate.local.firehose.put import (
    BATCH_MAX_BYTES,
    BATCH_MAX_RECORDS,
    RECORD_MAX_BYTES,
    parse_batch,
    parse_record,
)
from headgate.local.wire import AwsError


def record(size_bytes: int) -> dict[str, str]:
    return {"Data": base64.b64encode(b"x" * size_bytes).decode()}


def test_a_record_may_have_its_limit_before_base64() -> None:
    assert len(parse_record(record(RECORD_MAX_BYTES))) == RECORD_MAX_BYTES == 1_024_000


def test_a_batch_may_have_500_records() -> None:
    assert parse_batch([record(1)] * BATCH_MAX_RECORDS) == [b"x"] * 500


def test_a_batch_may_have_4_mib() -> None:
    batch = [record(BATCH_MAX_BYTES // 8)] * 8
    assert sum(map(len, parse_batch(batch))) == 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([], "ValidationException"),
        (None, "ValidationException"),
        ([record(1)] * 501, "ValidationException"),
        ([record(1), record(RECORD_MAX_BYTES + 1)], "ValidationException"),
        ([record(BATCH_MAX_BYTES // 8)] * 8 + [record(1)], "InvalidArgumentException"),
        ([{"Data": "not base64"}], "SerializationException"),
        ([{"Data": "한글"}], "SerializationException"),
        ([{}], "ValidationException"),
        (["x"], "ValidationException"),
        ([{"Data": 1}], "ValidationException"),
    ],
)
def test_a_batch_over_a_limit_is_refused_whole_k05(records: Any, code: str) -> None:
    with pytest.raises(AwsError) as refused:
        parse_batch(records)
    assert refused.value.code == code
