"""Yours to write: what happens to every event on its way to curated/. The archive is not touched by it.

Return the event, changed or not. Return None, or raise Drop("TheReason"), to leave it out: it is counted, and
noted with its reason under dropped/. Raise Reject("TheCode", "message") to send it to quarantine/. Both are
in chalicelib.errors. A batch that fails half-way runs again: do the same with the same event. Integers keep
every digit; one of more than 4,300 digits, and a number beyond a double's range, is a Decimal.
"""

from typing import Any


def hook(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return the event as it is to be stored in curated/."""
    return event
