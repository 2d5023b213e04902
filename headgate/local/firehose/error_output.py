"""One line of the error output: a record that could not be converted, whole, with the reason.

Decides the line's shape. Pure. Called by object_file.py.

Source: Firehose developer guide, "Handling errors for data format conversion".
"""

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from headgate.local.firehose.arrival import Arrival
from headgate.local.firehose.compress import Refusal
from headgate.local.firehose.store import DIRECT

ERROR_OUTPUT_TYPE = "format-conversion-failed"


def error_line(arrival: Arrival, refusal: Refusal, catalog_table: Mapping[str, Any], now_s: float) -> bytes:
    """Return the JSON line, with its line feed; times in epoch milliseconds."""
    line = {
        "attemptsMade": 1,
        "arrivalTimestamp": round(arrival.arrival_s * 1000),
        "lastErrorCode": refusal.code,
        "lastErrorMessage": refusal.message,
        "attemptEndingTimestamp": round(now_s * 1000),
        "rawData": base64.b64encode(arrival.data or b"").decode(),
        "sequenceNumber": None if arrival.source == DIRECT else arrival.place,
        "subSequenceNumber": None,
        "dataCatalogTable": dict(catalog_table) or None,
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
