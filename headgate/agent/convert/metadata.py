"""ADDMETADATA and ADDEC2METADATA: a record inside, or with, facts about where it comes from.

The clock and the instance's facts come in as functions.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from headgate.agent.convert.chain import Converter, ConvertError
from headgate.agent.text import decode, dump, dump_pretty, quote

Now = Callable[[], datetime]
InstanceFacts = Callable[[], dict[str, Any] | None]
"""privateIp, availabilityZone, instanceId, …, tags; None where there is no EC2 instance metadata."""


def add_metadata(metadata: object, *, timestamp: bool, now: Now, pretty: bool = False) -> Converter:
    """`{"ts":…,"metadata":…,"data":"<record>"}`; `ts` (UTC, milliseconds) only with `timestamp`."""
    constant = f'"metadata":{dump(metadata)},"data":'

    def convert(record: bytes) -> bytes:
        text = decode(record.removesuffix(b"\n"))
        moment = _utc_ms(now()) if timestamp else None
        if pretty:
            fields = {"ts": moment, "metadata": metadata, "data": text}
            if moment is None:
                del fields["ts"]
            return _encode(dump_pretty(fields))
        start = f'"ts":"{moment}",' if timestamp else ""
        return _encode(f"{{{start}{constant}{quote(text)}}}")

    return convert


def add_ec2_metadata(facts: InstanceFacts, *, now: Now, pretty: bool = False) -> Converter:
    """Adds or overwrites the instance's facts in a record that is a JSON object.

    The converter raises ConvertError for another record, or where there are no facts: it goes out unchanged.
    """

    def convert(record: bytes) -> bytes:
        try:
            event = json.loads(decode(record))
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise ConvertError("ADDEC2METADATA: the record is not a JSON object")
        known = facts()
        if known is None:
            raise ConvertError("ADDEC2METADATA: no instance metadata")
        tags = known.get("tags", {})
        event |= {key: value for key, value in known.items() if key != "tags"}
        event["metadataTimestamp"] = now().astimezone().strftime("%Y-%m-%dT%H:%M:%S%z")
        event["tags"] = {str(name).lower(): value for name, value in tags.items()}
        return _encode(dump_pretty(event) if pretty else dump(event))

    return convert


def _utc_ms(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encode(text: str) -> bytes:
    return (text + "\n").encode("utf-8", "replace")
