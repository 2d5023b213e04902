"""The built-in log formats of LOGTOJSON as regular expressions, written from their description in words.

One list of named parts per format, in order: the converter joins them, `explain` walks them to say where a
line leaves the format. ASCII only; the last text never spans a line end of Java (LF, CR, NEL, LS, PS).
"""

import re
from typing import NamedTuple

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_WEEKDAY = r"(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01]|[1-9])"
_YEAR = r"[1-9][0-9]*"
_TIME = r"(?:2[0-3]|[01]?[0-9]):[0-5][0-9]:(?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?"
_WHITE = r"[ \t\n\x0b\f\r]"
_INT = r"[+-]?[0-9]+"
_HOST = r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|[0-9.]+)"
_HOST_OR_IPV6 = rf"(?:{_HOST}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?)"
_USER = r"[A-Za-z0-9._-]+"
_TEXT = r"[^\n\r\x85\u2028\u2029]*"


class Part(NamedTuple):
    """A piece of a format: what to call it when a line fails here, and its expression."""

    name: str
    pattern: str


class Format(NamedTuple):
    """A format: its keys in order, its parts, and whether a lone `-` means null."""

    keys: tuple[str, ...]
    parts: tuple[Part, ...]
    dash_is_null: bool

    def compile(self) -> re.Pattern[str]:
        """One expression with one group per key."""
        return re.compile("".join(part.pattern for part in self.parts), re.ASCII)


def formats(*, ipv6: bool = False) -> dict[str, Format]:
    """Every format by its name in agent.json; `ipv6` (not in the original) also takes IPv6 clients."""
    host = _HOST_OR_IPV6 if ipv6 else _HOST
    common = (
        Part("host", rf"({host}) "),
        Part("ident", rf"({_USER}) "),
        Part("authuser", rf"({_USER}) "),
        Part("datetime", rf"\[({_DAY}/{_MONTH}/{_YEAR}:{_TIME}{_WHITE}{_INT})\] "),
        Part("request", r'"([^"]+)" '),
        Part("response", rf"({_INT}|-) "),
        Part("bytes", rf"({_INT}|-)"),
    )
    client = rf"{host}(?::[0-9]+)?" + (rf"|\[{host}\](?::[0-9]+)?" if ipv6 else "")
    error = (
        Part(
            "timestamp", rf"\[({_WEEKDAY}{_WHITE}+{_MONTH}{_WHITE}+{_DAY}{_WHITE}+{_TIME}{_WHITE}+{_YEAR})\] "
        ),
        Part("module and level", r"\[(?:([A-Za-z0-9_]+):)?([A-Za-z0-9_]+)\] "),
        Part("pid and tid", r"\[pid ([0-9]+)(?::tid ([0-9]+))?\] "),
        Part("client", rf"\[client ({client})\] "),
        Part("message", rf"({_TEXT})"),
    )
    syslog_rest = (
        Part("host", rf"(?:<[0-9]+[^\n\r\x85\u2028\u2029][0-9]+> )?({_USER}) "),
        Part("program", r"([A-Za-z0-9._/%-]+)(?:\[([1-9][0-9]*)\])?: "),
        Part("message", rf"({_TEXT})"),
    )
    rfc3339_time = (
        r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})) "
    )
    common_keys = ("host", "ident", "authuser", "datetime", "request", "response", "bytes")
    syslog_keys = ("timestamp", "hostname", "program", "processid", "message")
    return {
        "COMMONAPACHELOG": Format(common_keys, (*common, Part("rest of the line", _TEXT)), dash_is_null=True),
        "COMBINEDAPACHELOG": Format(
            (*common_keys, "referer", "agent"),
            (
                *common,
                Part("referer", r' "([^"]+)" '),
                Part("agent", r'"([^"]+)"'),
                Part("rest of the line", _TEXT),
            ),
            dash_is_null=True,
        ),
        "APACHEERRORLOG": Format(
            ("timestamp", "module", "severity", "processid", "threadid", "client", "message"),
            error,
            dash_is_null=True,
        ),
        "SYSLOG": Format(
            syslog_keys,
            (Part("timestamp", rf"({_MONTH}{_WHITE}+{_DAY}{_WHITE}+{_TIME}) "), *syslog_rest),
            dash_is_null=False,
        ),
        "RFC3339SYSLOG": Format(
            syslog_keys, (Part("timestamp", rfc3339_time), *syslog_rest), dash_is_null=False
        ),
    }


FORMAT_NAMES = tuple(formats())
