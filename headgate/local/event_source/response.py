"""The grammar of ReportBatchItemFailures: what a function's return value says about its batch.

Decides which record failed first. Never looks at what the function did; called by the lane for each answer.

Source: Lambda developer guide, "Configuring partial batch response with Kinesis Data Streams and Lambda",
success and failure conditions.
"""

from collections.abc import Sequence
from typing import Any

from headgate.records import Record


def first_failure(response: object, records: Sequence[Record]) -> int | None:
    """Return the index of the first failed record, None when the whole batch is done.

    No response, an empty object, no list or an empty list is success. A response of another kind, or one
    identifier that is empty, null, misnamed or not of this batch, fails the whole batch: index 0.
    """
    if response is None:
        return None
    if not isinstance(response, dict):
        return 0
    failures: Any = response.get("batchItemFailures")
    if failures is None or failures == []:
        return None
    if not isinstance(failures, list):
        return 0
    places = {record.sequence_number: index for index, record in enumerate(records)}
    return min(_place(failure, places) for failure in failures)


def _place(failure: object, places: dict[str, int]) -> int:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    return places.get(identifier, 0) if isinstance(identifier, str) else 0
