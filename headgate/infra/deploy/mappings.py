"""Lambda: the event source mapping between the stream and the transform."""

from typing import Any

from botocore.exceptions import ClientError

from headgate.aws_errors import error_code
from headgate.infra.errors import InfraError
from headgate.infra.template.intrinsics import Json

SAM_TAG = "lambda:createdBy"
"""SAM tags every function it makes, so a function tells by which way it was deployed."""


def function_tags(client: Any, name: str) -> dict[str, str] | None:
    """Return the function's tags, or None when there is no such function."""
    try:
        found: dict[str, str] = client.get_function(FunctionName=name).get("Tags", {})
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise
    return found


def one_mapping(client: Any, function: str, stream_arn: str, *, keep: str | None, repair: bool) -> Json:
    """Return the function's one mapping of the stream; a surplus one is deleted when `repair` says so.

    A first `chalice deploy` that failed leaves no state file, and the second makes a second mapping: every
    record would be transformed twice. `keep` is the one that Chalice knows. Raises InfraError without any.
    """
    found: list[Json] = []
    for page in client.get_paginator("list_event_source_mappings").paginate(FunctionName=function):
        found += [each for each in page["EventSourceMappings"] if each["EventSourceArn"] == stream_arn]
    if not found:
        raise InfraError(f"{function} does not read {stream_arn}: run `chalice deploy` for this stage first")
    kept = next((each for each in found if each["UUID"] == keep), found[0])
    if repair:
        for each in found:
            if each["UUID"] != kept["UUID"]:
                client.delete_event_source_mapping(UUID=each["UUID"])
    return kept
