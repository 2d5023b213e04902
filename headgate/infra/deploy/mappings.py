"""Lambda: the event source mapping between the stream and the transform."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from headgate.aws_errors import error_code, error_message
from headgate.infra.deploy.waiting import Clock, wait_for
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


_AT_REST = {"Enabled", "Disabled"}
"""In every other state AWS is still at work. Source: Lambda API, EventSourceMappingConfiguration State."""
SETTLES_S = 300.0


def update(client: Any, mapping: Json, wanted: Json, clock: Clock, say: Callable[[str], None]) -> None:
    """Change a mapping as soon as Lambda lets it be changed. Raises InfraError when that takes too long.

    Right after `chalice deploy` the mapping is in the state Creating and the role's permissions may not have
    reached Lambda: both pass. Source: Lambda API, UpdateEventSourceMapping, ResourceInUseException.
    """
    uuid = mapping["UUID"]

    def changed() -> bool | None:
        state = client.get_event_source_mapping(UUID=uuid).get("State", "Enabled")
        if state not in _AT_REST:
            return None
        try:
            client.update_event_source_mapping(UUID=uuid, **wanted)
        except ClientError as error:
            if _passes(error):
                return None
            raise
        return True

    wait_for(f"the mapping {uuid} to take changes", changed, clock, at_most_s=SETTLES_S, say=say)


def _passes(error: ClientError) -> bool:
    code = error_code(error)
    young_role = code == "InvalidParameterValueException" and " role " in error_message(error)
    return young_role or code in {"ResourceInUseException", "ResourceConflictException"}
