"""A batch of which a service takes only some records: the others are answered with their error codes.

Decides how the two answers become one. Never decides which records: the caller does. Used for PutRecords and
PutRecordBatch.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from headgate.local.wire import Service


class Batch(NamedTuple):
    """The names of one batch operation."""

    operation: str
    answers: str
    failed: str


PUT_RECORDS = Batch("PutRecords", "Records", "FailedRecordCount")
PUT_RECORD_BATCH = Batch("PutRecordBatch", "RequestResponses", "FailedPutCount")


def put_rest(
    service: Service, batch: Batch, request: dict[str, Any], codes: Sequence[str | None]
) -> dict[str, Any]:
    """Put the records whose code is None; answer for all. Raises AwsError as the service does."""
    records = request["Records"]
    kept = [record for record, code in zip(records, codes, strict=True) if code is None]
    answer = service.call(batch.operation, {**request, "Records": kept}) if kept else {}
    taken = iter(answer.get(batch.answers, []))
    answers = [
        next(taken) if code is None else {"ErrorCode": code, "ErrorMessage": "An injected fault."}
        for code in codes
    ]
    return {**answer, batch.failed: sum("ErrorCode" in each for each in answers), batch.answers: answers}
