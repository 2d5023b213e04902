"""A moment as a person types it, and as the commands print it. Inside, every moment is epoch seconds.

Decides the forms: `90s`, `10m`, `2h`, `7d` (that long ago), `now`, ISO 8601, epoch seconds. A moment without
a zone is UTC, as all times that the commands print. Nothing is older than 1970: what lies before it is 1970.
"""

import argparse
import os
import re
import time
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib import envelope

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_EPOCH = re.compile(r"\d{9,11}(?:\.\d+)?")
_LAST_S = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
FORMS = "10m (s, m, h, d: that long ago), now, or ISO 8601 such as 2026-10-01T05:00Z"


def parse_moment(text: str, now_s: float) -> float:
    """Epoch seconds. Raises ValueError with the forms that are understood."""
    text = text.strip()
    if text == "now":
        return now_s
    if ago := _AGO.fullmatch(text):
        return max(now_s - float(ago[1]) * _UNITS_S[ago[2]], 0.0)
    if _EPOCH.fullmatch(text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; a time is {FORMS}") from None
    moment_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if moment_s > _LAST_S:
        raise ValueError(f"{text!r} is no time; a time is {FORMS}")
    return max(moment_s, 0.0)


def moment(text: str) -> float:
    """An argument of a command line, measured from now."""
    try:
        return parse_moment(text, time.time())
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def shown(moment_s: float) -> str:
    """Return RFC 3339 in UTC with milliseconds, as in the envelope."""
    return envelope.received_at(moment_s)


def for_people(moment_s: float, zone: tzinfo | None) -> str:
    """Return a moment and its zone for a terminal: `2026-10-01 14:00:00.250+09:00`, or with `Z` for UTC."""
    if zone is None:
        return shown(moment_s).replace("T", " ")
    return datetime.fromtimestamp(moment_s, zone).isoformat(" ", "milliseconds")


def add_zone_argument(parser: argparse.ArgumentParser) -> None:
    """Declare --local-time, which sets `zone`."""
    parser.add_argument(
        "--local-time",
        dest="zone",
        action="store_const",
        const=local_zone(),
        help="show times on a terminal in this machine's time zone instead of UTC",
    )


def local_zone() -> ZoneInfo:
    """Return this machine's time zone, or UTC where its name is not known. Source: tzset(3), localtime(5)."""
    link = Path("/etc/localtime")
    names = [os.environ.get("TZ", "").lstrip(":"), str(link.resolve()).partition("zoneinfo/")[2]]
    for name in filter(None, names):
        with suppress(ValueError, OSError, ZoneInfoNotFoundError):
            return ZoneInfo(name)
    return ZoneInfo("UTC")


def parse_shown(text: str) -> float:
    """Read what `shown` wrote back."""
    return datetime.fromisoformat(text).timestamp()
