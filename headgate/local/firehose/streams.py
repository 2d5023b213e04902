"""A delivery stream as a document: made, described, updated, tagged.

Decides what the control operations answer. Pure: a document in, a document or an answer out.
Never stores and never delivers. Called by service.py.

Source: Firehose API reference, CreateDeliveryStream, DescribeDeliveryStream, UpdateDestination, tags.
"""

import re
from collections.abc import Mapping
from typing import Any

from headgate.local.firehose.destination import complete, invalid
from headgate.local.wire import AwsError

# What a delivery stream is kept as; JSON, so that the store can hold it.
Document = dict[str, Any]

DIRECT_PUT = "DirectPut"
KINESIS_SOURCE = "KinesisStreamAsSource"
DESTINATION_ID = "destinationId-000000000001"
TAGS_MAX = 50

_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_STREAM_ARN = re.compile(r"arn:[^:]*:kinesis:[a-zA-Z0-9-]*:\d{12}:stream/(?P<name>[a-zA-Z0-9_.-]+)")


def create(request: Mapping[str, Any], arn_prefix: str, now_s: float) -> Document:
    """Return the document of a new delivery stream. Raises AwsError for a request that AWS refuses."""
    name = request.get("DeliveryStreamName", "")
    if not _NAME.fullmatch(name):
        raise AwsError("ValidationException", "DeliveryStreamName must be 1 to 64 of a-z A-Z 0-9 _ . -")
    kind = request.get("DeliveryStreamType", DIRECT_PUT)
    document: Document = {
        "name": name,
        "arn": f"{arn_prefix}{name}",
        "type": kind,
        "version": 1,
        "created_s": now_s,
        "read_from_s": now_s,
        "updated_s": None,
        "destination": complete(_destination(request, "Configuration")),
        "source": _source(kind, request),
        "encryption": _encryption(request.get("DeliveryStreamEncryptionConfigurationInput")),
        "tags": {},
    }
    return tag(document, request.get("Tags") or [])


def stream_name(document: Document) -> str:
    """Return the name of the Kinesis stream that feeds a delivery stream."""
    matched = _STREAM_ARN.fullmatch(document["source"]["KinesisStreamARN"])
    return matched["name"] if matched else ""


def read_from_s(document: Document) -> float:
    """Return the arrival (epoch seconds) of the first record that a delivery stream reads from its stream."""
    return float(document["read_from_s"] if "read_from_s" in document else document["created_s"])


def describe(document: Document) -> dict[str, Any]:
    """Return the DeliveryStreamDescription."""
    destination = document["destination"]
    plain = {key: destination[key] for key in _S3_DESCRIPTION if key in destination}
    described: dict[str, Any] = {
        "DeliveryStreamName": document["name"],
        "DeliveryStreamARN": document["arn"],
        "DeliveryStreamStatus": "ACTIVE",
        "DeliveryStreamType": document["type"],
        "DeliveryStreamEncryptionConfiguration": document["encryption"],
        "VersionId": str(document["version"]),
        "CreateTimestamp": document["created_s"],
        "HasMoreDestinations": False,
        "Destinations": [
            {
                "DestinationId": DESTINATION_ID,
                "S3DestinationDescription": plain,
                "ExtendedS3DestinationDescription": destination,
            }
        ],
    }
    if document["updated_s"] is not None:
        described["LastUpdateTimestamp"] = document["updated_s"]
    if document["source"] is not None:
        source = {**document["source"], "DeliveryStartTimestamp": document["created_s"]}
        described["Source"] = {"KinesisStreamSourceDescription": source}
    return described


def update(document: Document, request: Mapping[str, Any], now_s: float) -> Document:
    """Return the document with its destination changed: what the request does not name stays.

    The version counts changes: an update that changes nothing leaves it.
    """
    if request.get("DestinationId") != DESTINATION_ID:
        raise invalid(f"The destination {request.get('DestinationId')} does not exist.")
    current, given = str(document["version"]), request.get("CurrentDeliveryStreamVersionId")
    if given != current:
        raise AwsError(
            "ConcurrentModificationException",
            f"Cannot update {document['name']}: its version is {current}, the request names {given}.",
        )
    destination = complete({**document["destination"], **_destination(request, "Update")})
    if destination == document["destination"]:
        return document
    return {**document, "destination": destination, "version": document["version"] + 1, "updated_s": now_s}


def tag(document: Document, tags: list[dict[str, str]]) -> Document:
    """Return the document with tags added or replaced."""
    merged = {**document["tags"], **{each["Key"]: each.get("Value", "") for each in tags}}
    if len(merged) > TAGS_MAX:
        raise AwsError("LimitExceededException", f"A delivery stream has at most {TAGS_MAX} tags.")
    return {**document, "tags": merged}


def untag(document: Document, keys: list[str]) -> Document:
    """Return the document without these tags."""
    return {**document, "tags": {key: value for key, value in document["tags"].items() if key not in keys}}


def encrypt(document: Document, wanted: Mapping[str, Any] | None) -> Document:
    """Return the document with encryption started (an input) or stopped (None)."""
    return {**document, "encryption": _encryption(wanted)}


_S3_DESCRIPTION = (
    *("RoleARN", "BucketARN", "Prefix", "ErrorOutputPrefix", "BufferingHints", "CompressionFormat"),
    *("EncryptionConfiguration", "CloudWatchLoggingOptions"),
)


def _destination(request: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    """Return the one S3 destination of a request; `suffix` is Configuration or Update."""
    given = [key for key in request if key.endswith(f"Destination{suffix}")]
    supported = {f"ExtendedS3Destination{suffix}", f"S3Destination{suffix}"}
    if len(given) != 1 or given[0] not in supported:
        raise invalid("Exactly one S3 destination must be given; the local Firehose has no other.")
    return dict(request[given[0]])


def _source(kind: str, request: Mapping[str, Any]) -> dict[str, Any] | None:
    source = request.get("KinesisStreamSourceConfiguration")
    if kind == DIRECT_PUT and source is None:
        return None
    if kind != KINESIS_SOURCE:
        raise invalid(f"DeliveryStreamType {kind} does not go with this request's source.")
    if source is None or not _STREAM_ARN.fullmatch(source.get("KinesisStreamARN", "")):
        raise invalid("KinesisStreamSourceConfiguration needs the ARN of a stream.")
    return {"KinesisStreamARN": source["KinesisStreamARN"], "RoleARN": source.get("RoleARN", "")}


def _encryption(wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"Status": "DISABLED"} if wanted is None else {**wanted, "Status": "ENABLED"}
