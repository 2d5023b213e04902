"""Events of the real CloudEvents SDKs (Python's here, JavaScript's recorded) arrive whole, in every mode.

The judge is the SDK: what is stored, read back by it, is the event that was sent.
"""

import json
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from chalicelib.decode import Batch, decode
from tests.makers import ANY

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "cloudevents" / "recorded.json").read_bytes())
ATTRIBUTES = {"specversion": "1.0", "time": datetime(2026, 11, 29, 6, 0, tzinfo=UTC)}
EVENTS: list[tuple[dict[str, Any], Any]] = [
    ({"id": "1", "source": "/shop", "type": "order.made"}, {"value": 30, "nested": {"a": [1, 2]}}),
    ({"id": 'a b%"c"', "source": "urn:한국:서울", "type": "주문 완료 €😀", "subject": "s 1"}, {"이름": "값"}),
    ({"id": "3", "source": "/x", "type": "t", "channel": "web"}, {"list": [1, "two", None]}),
    ({"id": "4", "source": "/x", "type": "text", "datacontenttype": "text/plain"}, 'plain "text"\nline 2'),
    (
        {"id": "5", "source": "/x", "type": "b", "datacontenttype": "application/octet-stream"},
        b"\0\xff\n\x80",
    ),
    ({"id": "6", "source": "/x", "type": "nothing"}, None),
]


def decoded(headers: dict[str, str], body: bytes) -> Batch:
    """What the gateway hands over has header names in lower case."""
    return decode(body, {name.lower(): str(value) for name, value in headers.items()}, ANY)


def read_back(line: bytes) -> tuple[dict[str, Any], Any]:
    event = http.from_structured_event(
        http.HTTPMessage({"content-type": "application/cloudevents+json"}, line), JSONFormat()
    )
    return dict(event.get_attributes()), event.get_data()


@pytest.mark.parametrize(("attributes", "data"), EVENTS, ids=[each["type"] for each, _ in EVENTS])
@pytest.mark.parametrize(
    "write", [http.to_binary_event, http.to_structured_event], ids=["binary", "structured"]
)
def test_an_event_of_pythons_sdk_is_read_back_by_it_as_it_was_sent(
    write: Any, attributes: dict[str, Any], data: Any
) -> None:
    sent = CloudEvent(ATTRIBUTES | attributes, data)
    message = write(sent, JSONFormat())
    batch = decoded(message.headers, message.body)
    assert batch.single
    kept, kept_data = read_back(batch.events[0].line)
    assert {name: kept.get(name) for name in sent.get_attributes()} == dict(sent.get_attributes())
    assert kept_data == data
    assert batch.events[0].type == attributes["type"]


@pytest.mark.parametrize("case", RECORDED, ids=[case["type"] for case in RECORDED])
def test_an_event_of_javascripts_sdk_is_the_same_event_in_both_modes(case: dict[str, Any]) -> None:
    found = []
    for mode in ("binary", "structured"):
        batch = decoded(case[mode]["headers"], b64decode(case[mode]["body_base64"]))
        assert batch.own_ids is not None
        kept, data = read_back(batch.events[0].line)
        assert (kept["id"], kept["source"], kept["type"]) == (case["id"], case["source"], case["type"])
        found.append((batch.own_ids, data, kept["time"]))
    assert found[0] == found[1]
