"""T03: the grammar of ReportBatchItemFailures, row by row of AWS' table."""

import pytest

from headgate.local.event_source.event import first_failure
from tests.event_source_cases import record_of

RECORDS = [record_of(number) for number in (98, 99, 100, 101)]


def failures(*identifiers: object) -> dict[str, object]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize(
    "response", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"other": 1}]
)
def test_t03_success(response: object) -> None:
    assert first_failure(response, RECORDS) is None


@pytest.mark.parametrize(
    "response",
    [
        failures(""),
        failures(None),
        failures("12345"),
        failures(100),
        failures("100", "12345"),
        {"batchItemFailures": [{"wrongName": "100"}]},
        {"batchItemFailures": ["100"]},
        {"batchItemFailures": "100"},
        {"batchItemFailures": {"itemIdentifier": "100"}},
        "text",
        [],
        7,
    ],
)
def test_t03_the_whole_batch_failed(response: object) -> None:
    assert first_failure(response, RECORDS) == 0


@pytest.mark.parametrize(
    ("response", "index"),
    [
        (failures("99"), 1),
        (failures("101", "99"), 1),
        (failures("100", "99"), 1),
        (failures("101", "100"), 2),
        (failures("98"), 0),
    ],
)
def test_t03_everything_before_the_lowest_number_is_done(response: object, index: int) -> None:
    assert first_failure(response, RECORDS) == index
