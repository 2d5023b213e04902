"""Whether a 200 is an acknowledgement: only with the contract's receipts, one for every event.

Pure. A web page, a proxy or a dry run says 200 to everything and has stored nothing. Never repeats an
answer's text, which may repeat what was sent. Called by http.py.

Source: docs/contract.md.
"""

import json
from typing import Any

from chalicelib.retry import Failure
from headgate.agent.sinks.answer import MISCONFIGURED

_SHOWN_CHARS = 60
_IS_IT = "is the URL a Headgate endpoint (…/v1)?"


def without_receipts(body: bytes, content_type: str | None, count: int) -> Failure | None:
    """None when `count` events are acknowledged; else a failure that says what was answered instead."""
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return _wrong(f"200 with {_shown(content_type)} and without receipts; {_IS_IT}")
    if not isinstance(said, dict):
        said = {}
    if count == 1 and _is_receipt(said):
        return None
    records, failed = said.get("Records"), said.get("FailedRecordCount")
    if isinstance(records, list) and isinstance(failed, int):
        return _counted(sum(map(_is_receipt, records)), len(records), failed, count)
    if "Valid" in said:
        return _wrong("200 of a dry run, which stores nothing; leave dry_run out of the URL")
    return _wrong(f"200 with JSON but without receipts; {_IS_IT}")


def _counted(receipts: int, records: int, failed: int, count: int) -> Failure | None:
    if failed:
        return Failure("Unavailable", passing=True, cause=f"200 with FailedRecordCount {failed} of {count}")
    if receipts == records == count:
        return None
    return _wrong(f"200 with {receipts} receipts for {count} events")


def _wrong(cause: str) -> Failure:
    """A person has to mend it; the lines wait."""
    return Failure(MISCONFIGURED, passing=True, cause=cause)


def _is_receipt(record: object) -> bool:
    number = record.get("SequenceNumber") if isinstance(record, dict) else None
    return isinstance(number, str) and bool(number)


def _shown(content_type: str | None) -> str:
    printable = "".join(c for c in content_type or "" if c.isascii() and c.isprintable())
    return printable[:_SHOWN_CHARS] or "a body that is not JSON"
