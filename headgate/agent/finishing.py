"""The last step of a record before it is batched: its source, its ordering key, a form HTTP takes.

Pure. Only flows that set one of our own keys, or an HTTP destination, have anything to do here.
"""

import base64
import json
from collections.abc import Callable

from headgate.agent.jsontext import object_line, quote
from headgate.agent.text import decode

Finish = Callable[[bytes, str, int], bytes]
"""A record, the path and the offset it comes from; the record to send."""


def finisher(host: str | None, *, http: bool, converted: bool) -> Finish | None:
    """The steps of a flow, or None when records go out as they are.

    `host` is set when source metadata is wanted; `converted`: the flow's converters only make JSON objects.
    """
    if host is None:
        if not http:
            return None
        return (lambda record, _path, _offset: record) if converted else (lambda r, _p, _o: as_object(r))

    def finish(record: bytes, path: str, offset: int) -> bytes:
        source = f'"source":{{"host":{quote(host)},"file":{quote(path)},"offset":{offset}}}'
        body = (record if converted else as_object(record)).rstrip()[:-1].rstrip()
        comma = b"" if body == b"{" else b","
        return body + comma + source.encode("utf-8", "replace") + b"}\n"

    return finish


def as_object(record: bytes) -> bytes:
    """A JSON object stays what it is; any other text becomes `{"message": …}`.

    Bytes that are not UTF-8 are kept as `message_base64` beside the readable text.
    """
    if record[:1] == b"{":
        try:
            if isinstance(json.loads(record), dict):
                return record.rstrip().replace(b"\n", b"").replace(b"\r", b"") + b"\n"
        except (ValueError, RecursionError):
            pass
    line = record.removesuffix(b"\n").removesuffix(b"\r")
    fields: list[tuple[str, str | None]] = [("message", decode(line))]
    try:
        line.decode()
    except UnicodeDecodeError:
        fields.append(("message_base64", base64.b64encode(line).decode()))
    return object_line(fields)


def ordering_key(record: bytes, field: str) -> str | None:
    """The value of a top-level field as text; None when the record has none."""
    try:
        event = json.loads(record)
    except (ValueError, RecursionError):
        return None
    value = event.get(field) if isinstance(event, dict) else None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
