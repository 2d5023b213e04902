"""Settings of the mapping, from the properties that CloudFormation and SAM give it."""

from typing import Any

import pytest

from headgate.local.errors import LocalError
from headgate.local.event_source import EventSourceMapping
from headgate.records import Position

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/headgate-dev"
LEAST = {"EventSourceArn": STREAM, "StartingPosition": "TRIM_HORIZON"}
MOST = {
    "EventSourceArn": STREAM,
    "FunctionName": "headgate-dev-transform",
    "StartingPosition": "LATEST",
    "BatchSize": 500,
    "MaximumBatchingWindowInSeconds": "5",
    "ParallelizationFactor": 2,
    "MaximumRetryAttempts": 10,
    "MaximumRecordAgeInSeconds": 86_400,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::headgate-dev-bucket"}},
    "Enabled": "false",
}


def test_the_defaults_are_those_of_aws() -> None:
    mapping = EventSourceMapping.from_cloudformation(LEAST)
    assert (mapping.batch_size, mapping.batching_window_s, mapping.parallelization) == (100, 0, 1)
    assert (mapping.max_retries, mapping.max_age_s) == (-1, -1)
    assert (mapping.bisect, mapping.reports_item_failures, mapping.bucket) == (False, False, None)
    assert mapping.enabled


def test_every_property_arrives() -> None:
    mapping = EventSourceMapping.from_cloudformation(MOST)
    assert mapping.function_arn == "arn:aws:lambda:us-east-1:123456789012:function:headgate-dev-transform"
    assert (mapping.batch_size, mapping.batching_window_s, mapping.parallelization) == (500, 5, 2)
    assert (mapping.max_retries, mapping.max_age_s) == (10, 86_400)
    assert (mapping.bisect, mapping.reports_item_failures) == (True, True)
    assert mapping.bucket == "headgate-dev-bucket"
    assert not mapping.enabled


def test_sam_names_the_stream_differently() -> None:
    mapping = EventSourceMapping.from_cloudformation(
        {"Stream": STREAM, "StartingPosition": "LATEST"}, "transform"
    )
    assert (mapping.stream_name, mapping.region) == ("headgate-dev", "us-east-1")
    assert mapping.function_arn.endswith(":function:transform")


def test_the_mapping_id_is_the_same_at_every_start_and_differs_between_functions() -> None:
    first, again, other = (EventSourceMapping.from_cloudformation(LEAST, name) for name in ("a", "a", "b"))
    assert first.mapping_id == again.mapping_id != other.mapping_id


@pytest.mark.parametrize(
    ("starting", "position"),
    [
        ({"StartingPosition": "TRIM_HORIZON"}, Position.trim_horizon()),
        ({"StartingPosition": "LATEST"}, Position.latest(99.0)),
        (
            {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 17.5},
            Position.at_timestamp(17.5),
        ),
    ],
)
def test_the_starting_position_becomes_the_readers(starting: dict[str, Any], position: Position) -> None:
    assert EventSourceMapping.from_cloudformation(LEAST | starting).position(99.0) == position


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"BatchSize": 10_001}, "BatchSize must be a number from 1 to 10,000"),
        ({"BatchSize": "many"}, "BatchSize must be a number"),
        ({"ParallelizationFactor": 11}, "ParallelizationFactor must be a number from 1 to 10"),
        ({"MaximumBatchingWindowInSeconds": 301}, "from 0 to 300"),
        ({"MaximumRetryAttempts": -2}, "MaximumRetryAttempts must be a number from -1 to 10,000"),
        ({"MaximumRecordAgeInSeconds": 59}, "MaximumRecordAgeInSeconds must be -1 or at least 60"),
        ({"StartingPosition": "EARLIEST"}, "StartingPosition must be one of"),
        ({"EventSourceArn": "headgate-dev"}, "is not the ARN of a Kinesis stream"),
        ({"FunctionResponseTypes": ["Everything"]}, "FunctionResponseTypes may only be"),
        ({"FilterCriteria": {"Filters": []}}, "FilterCriteria is not supported locally"),
        ({"TumblingWindowInSeconds": 30}, "TumblingWindowInSeconds is not supported locally"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:1:q"}}},
            "is not the ARN of an S3 bucket",
        ),
    ],
)
def test_a_wrong_property_is_refused_by_name(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LocalError, match=sentence):
        EventSourceMapping.from_cloudformation(LEAST | wrong)


def test_all_mistakes_come_in_one_message() -> None:
    with pytest.raises(LocalError, match=r"BatchSize.*StartingPosition"):
        EventSourceMapping.from_cloudformation({"EventSourceArn": STREAM, "BatchSize": 0})
