"""CloudEvents 1.0 over HTTP: which mode a request is in, one event out of headers and body, and its checks.

Structured and batched events are stored as they were sent. An event in binary mode has its attributes in
headers and its data in the body: it becomes one structured event that holds the data's bytes as they were
sent. Called by decode.

Source: CloudEvents 1.0.2, HTTP Protocol Binding (sections 3.1 to 3.3) and JSON Event Format.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import orjson
from pybase64 import b64encode

from chalicelib import jsontext
from chalicelib.errors import EventError, Rejected

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_MEDIA_TYPES = "application/cloudevents"  # other formats (Avro, XML, Protobuf) begin like this as well
_PREFIX = "ce-"
_REQUIRED = ("specversion", "id", "source", "type")
_VERSION = "1.0"
_NAME = re.compile(r"[a-z0-9]+")
# Not attributes in headers: the body is the data, and Content-Type is its type.
_RESERVED = frozenset({"data", "datacontenttype"})
# A header's value may be a quoted string. Source: RFC 9110, section 5.6.4.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_JSON_TYPE = re.compile(r"(?:[^/]+/)?(?:[^/]+\+)?json")
_TEXT_TYPE = re.compile(r"text/.*|application/(?:.*\+)?xml")
_ID_MAX_CHARS = 200


def is_media_type(media_type: str) -> bool:
    """Whether a media type (lower case, without parameters) is one of CloudEvents, in any format."""
    return media_type.startswith(_MEDIA_TYPES)


def is_binary_mode(media_type: str, headers: Mapping[str, str]) -> bool:
    """Whether the event's attributes are in headers. `headers` have lower-case names.

    The media type decides first: a structured event may repeat its attributes in headers.
    """
    return not is_media_type(media_type) and any(name.startswith(_PREFIX) for name in headers)


def structured(data: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the structured event of a request in binary mode. Raises Rejected for what cannot be one.

    The order of the members is fixed, so the same request gives the same bytes.
    """
    attributes, errors = _attributes(headers)
    content_type = headers.get("content-type", "").strip()
    if content_type:
        attributes["datacontenttype"] = content_type
    if not errors:
        errors = list(problems(attributes, 0))
    if errors:
        raise Rejected("InvalidEvent", _refusal(errors), tuple(errors))
    ordered = {name: attributes[name] for name in _REQUIRED} | attributes
    member = _data_member(data, content_type)
    return orjson.dumps(ordered)[:-1] + member + b"}"


def problems(event: Mapping[str, Any], index: int) -> Iterator[EventError]:
    """Yield what keeps an event (its value) from being a CloudEvent; `index` is its place in the request."""
    for name in _REQUIRED:
        value = event.get(name)
        if value is None:
            message = f"The CloudEvents attribute `{name}` is missing (in binary mode: the header ce-{name})."
        elif not isinstance(value, str) or not value:
            message = f"The CloudEvents attribute `{name}` is not a text of at least 1 character."
        elif name == "specversion" and value != _VERSION:
            message = f"Only version {_VERSION} of CloudEvents is taken: `specversion` must be {_VERSION}."
        else:
            continue
        yield EventError(index, "InvalidCloudEvent", f"/{name}", message)


def event_id(event: Mapping[str, Any]) -> str:
    """Return the id that source and id make together: printable ASCII, one for each pair.

    Both are percent-encoded, so the comma between them is the only one. A longer one becomes a SHA-256.
    """
    # "surrogatepass" is not needed: an event with a lone surrogate is refused before.
    own = f"{quote(event['source'], safe='/:')},{quote(event['id'], safe='/:')}"
    if len(own) <= _ID_MAX_CHARS:
        return own
    import hashlib  # noqa: PLC0415 - 3 ms of a cold start, for the longest ids alone

    return f"sha256:{hashlib.sha256(own.encode()).hexdigest()}"


def _attributes(headers: Mapping[str, str]) -> tuple[dict[str, str], list[EventError]]:
    attributes: dict[str, str] = {}
    errors: list[EventError] = []
    for header in sorted(headers):
        if not header.startswith(_PREFIX):
            continue
        name = header.removeprefix(_PREFIX)
        if not _NAME.fullmatch(name):
            message = "A header that begins with ce- names an attribute: only a to z and 0 to 9 may follow."
            errors.append(EventError(0, "InvalidCloudEvent", "", message))
        elif name in _RESERVED:
            message = "In binary mode the body is the data, and Content-Type is its type."
            errors.append(EventError(0, "InvalidCloudEvent", f"/{name}", message))
        elif (value := _decoded(headers[header])) is None:
            message = f"The header ce-{name} is not percent-encoded UTF-8."
            errors.append(EventError(0, "InvalidCloudEvent", f"/{name}", message))
        else:
            attributes[name] = value
    return attributes, errors


def _decoded(value: str) -> str | None:
    """Return the text of a header's value: unquoted, percent-decoded once; None where it is not UTF-8."""
    value = value.strip()
    if quoted := _QUOTED.fullmatch(value):
        value = _ESCAPED.sub(r"\1", quoted[1])
    try:
        return unquote_to_bytes(value).decode()
    except ValueError:  # bytes that are not UTF-8; a lone surrogate
        return None


def _data_member(data: bytes, content_type: str) -> bytes:
    """Return `,"data":…` with the data's bytes as sent, or base64 of what is neither JSON nor text."""
    if not data:
        return b""
    media_type, _, parameters = (part.strip().lower() for part in content_type.partition(";"))
    # Source: JSON Event Format, section 3.1: without datacontenttype the data is JSON.
    if not media_type or _JSON_TYPE.fullmatch(media_type):
        return b',"data":' + _json(data)
    if _TEXT_TYPE.fullmatch(media_type) and ("charset" not in parameters or "utf-8" in parameters):
        try:
            return b',"data":' + orjson.dumps(data.decode())
        except UnicodeDecodeError:
            pass
    return b',"data_base64":"' + b64encode(data) + b'"'


def _json(data: bytes) -> bytes:
    """Return the data, which must be one JSON value: anything else would add members to the event."""
    text = data.strip(jsontext.SPACE)
    try:
        jsontext.loads(text)
    except jsontext.NotJson as problem:
        error = EventError(0, problem.code, "/data", str(problem))
        raise Rejected("InvalidEvent", _refusal([error]), (error,)) from None
    return text


def _refusal(errors: list[EventError]) -> str:
    return f"The event was not stored. {errors[0].message}"
