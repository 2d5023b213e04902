"""Tags of a stream, by the older operations (…Stream) and the newer ones (…Resource).

Decides which tags are valid. Never gives them a meaning.

Source: API Reference, AddTagsToStream, RemoveTagsFromStream, ListTagsForStream, TagResource, UntagResource,
ListTagsForResource.
"""

import re
from typing import Any

from headgate.local.kinesis.limits import TAGS_PER_STREAM
from headgate.local.kinesis.state import State
from headgate.local.kinesis.stream import Stream
from headgate.local.kinesis.validate import Request, integer, listed, not_a, optional_text, refusal, text
from headgate.local.wire import AwsError

_KEY_CHARS, _VALUE_CHARS = 128, 256
# Source: Developer Guide, "Tag your streams", tag restrictions.
_CHARACTERS = re.compile(r"[\w\s./=+\-%@:]*")


def add_tags(state: State, request: Request) -> dict[str, Any]:
    """Add or replace tags."""
    stream = state.changing(request)
    stream.tags.update(checked_tags(state, stream, request.get("Tags")))
    state.save(stream)
    return {}


def remove_tags(state: State, request: Request) -> dict[str, Any]:
    """Take tags off; a key that is not there is no error."""
    stream = state.changing(request)
    for key in listed(request, "TagKeys", 1, TAGS_PER_STREAM):
        stream.tags.pop(str(key), None)
    state.save(stream)
    return {}


def list_tags(state: State, request: Request) -> dict[str, Any]:
    """Return a page of tags, by key."""
    stream = state.stream(request)
    after = optional_text(request, "ExclusiveStartTagKey", _KEY_CHARS) or ""
    limit = integer(request, "Limit", 1, TAGS_PER_STREAM, TAGS_PER_STREAM)
    tags = [tag for tag in _shaped(stream) if tag["Key"] > after]
    return {"Tags": tags[:limit], "HasMoreTags": len(tags) > limit}


def tag_resource(state: State, request: Request) -> dict[str, Any]:
    """AddTagsToStream by ARN."""
    return add_tags(state, _by_arn(request))


def untag_resource(state: State, request: Request) -> dict[str, Any]:
    """RemoveTagsFromStream by ARN."""
    return remove_tags(state, _by_arn(request))


def list_tags_of_resource(state: State, request: Request) -> dict[str, Any]:
    """Return all tags."""
    return {"Tags": _shaped(state.stream(_by_arn(request)))}


def checked_tags(state: State, stream: Stream, tags: Any) -> dict[str, str]:
    """Return `tags` if the stream can have them in addition. Raises AwsError."""
    if not isinstance(tags, dict):
        raise not_a("a map", "Tags")
    if not tags:
        raise refusal("{}", "Tags", "Member must have length greater than or equal to 1")
    checked = {}
    for key, value in tags.items():
        text({"Tags.key": key}, "Tags.key", _KEY_CHARS)
        _check_characters(key, value)
        checked[key] = text({"Tags.value": value}, "Tags.value", _VALUE_CHARS, least_chars=0)
    if len({**stream.tags, **checked}) > TAGS_PER_STREAM:
        raise AwsError(
            "InvalidArgumentException",
            f"Failed to add tags to stream {stream.name} under account {state.owner} because a given stream"
            f" cannot have more than {TAGS_PER_STREAM} tags associated with it.",
        )
    return checked


def _check_characters(key: str, value: Any) -> None:
    if key.lower().startswith("aws:"):
        raise AwsError("InvalidArgumentException", "Tag keys that begin with aws: are reserved for AWS.")
    for given in (key, value):
        if isinstance(given, str) and not _CHARACTERS.fullmatch(given):
            raise AwsError(
                "InvalidArgumentException",
                "Tags may hold letters, digits, white space and the characters _ . : / = + - % @ alone.",
            )


def _by_arn(request: Request) -> Request:
    return {**request, "StreamARN": text(request, "ResourceARN", 2_048)}


def _shaped(stream: Stream) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(stream.tags.items())]
