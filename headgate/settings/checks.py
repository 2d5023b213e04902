"""What a value in the settings file may be: each check reads one JSON value and notes what is wrong with it.

A check never raises for a bad value: it appends one sentence to `problems` and returns the value it can,
so that one run reports every mistake. Used by model.py; it knows no setting by name.
"""

import ipaddress
import json
import re
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SHOWN_CHARACTERS = 60
"""As much of a wrong value as helps to find it."""

_ORIGIN = re.compile(
    r"(?P<scheme>(?i:https?))://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65_535

_FIREHOSE_ZONE = re.compile(r"[a-zA-Z/_]{1,50}")
"""Source: Firehose's service model, CustomTimeZone."""
_NOT_JAVA = frozenset({"EST", "Factory", "HST", "MST", "ROC", "localtime", "posixrules"})
"""Source: OpenJDK's TzdbZoneRulesCompiler, which leaves these out of its table, and Java's ZoneId."""
_NOT_JAVA_FOLDERS = ("posix/", "right/", "SystemV/")


class Check(Protocol):
    """One kind of value: `read` judges it, `wording` says it in the table of docs/settings.md."""

    @property
    def wording(self) -> str:
        """The allowed values in a few words."""
        ...

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Return the value as the code uses it; append to `problems` when it does not fit."""
        ...


@dataclass(frozen=True)
class Whole:
    """A whole number between two bounds, both allowed."""

    least: int
    most: int

    @property
    def wording(self) -> str:
        """The bounds."""
        return f"{self.least:,} to {self.most:,}"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Refuse text, fractions and booleans: `true` is no number here."""
        if isinstance(value, bool) or not isinstance(value, int):
            problems.append(f"{path} must be a whole number, not {shown(value)}")
        elif not self.least <= value <= self.most:
            problems.append(f"{path} must be {self.wording}, not {value}")
        return value


@dataclass(frozen=True)
class Flag:
    """True or false."""

    wording: str = "true or false"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Refuse everything but the two JSON words."""
        if not isinstance(value, bool):
            problems.append(f"{path} must be true or false, not {shown(value)}")
        return value


@dataclass(frozen=True)
class Choice:
    """One of a few words or numbers."""

    values: tuple[str | int, ...]

    @property
    def wording(self) -> str:
        """The words, joined."""
        return " \\| ".join(f"`{value}`" for value in self.values)

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Compare with the type, so that `1` is not `true`."""
        if not any(type(value) is type(each) and value == each for each in self.values):
            listed = ", ".join(str(each) for each in self.values)
            problems.append(f"{path} must be one of {listed}, not {shown(value)}")
        return value


@dataclass(frozen=True)
class Text:
    """Text of a form; `hint` names the form for the person."""

    pattern: str
    hint: str

    @property
    def wording(self) -> str:
        """The hint."""
        return self.hint

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Match the whole text."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            problems.append(f"{path} must be {self.hint}, not {shown(value)}")
        return value


@dataclass(frozen=True)
class Narrowed:
    """One of a few words, of which AWS knows more; `refused` says why such a word is not allowed here."""

    inner: Choice
    refused: tuple[tuple[str, str], ...]

    @property
    def wording(self) -> str:
        """The words that are allowed."""
        return self.inner.wording

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Name the reason for a word that AWS takes and we do not."""
        reason = dict(self.refused).get(value) if isinstance(value, str) else None
        if reason is not None:
            problems.append(f"{path} {shown(value)} is refused: {reason}")
            return value
        return self.inner.read(value, path, problems)


@dataclass(frozen=True)
class Origin:
    """A browser's origin in the form in which browsers send it, or `*` for every origin.

    Source: WHATWG URL and HTML standards: an origin is scheme, host in lower case, and the port unless it is
    the scheme's default; it has no path.
    """

    wording: str = "an origin such as https://app.example.com, or `*`"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Return the origin as browsers write it: host in lower case, without the scheme's default port."""
        if value == "*":
            return value
        found = _ORIGIN.fullmatch(value) if isinstance(value, str) else None
        port = int(found["port"] or 0) if found else 0
        host = _browser_host(found["host"].lower()) if found else None
        if found is None or host is None or port > _LAST_PORT or (found["port"] and not port):
            problems.append(f"{path} must be {self.wording}, not {shown(value)}")
            return value
        scheme = found["scheme"].lower()
        return f"{scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[scheme] else "")


@dataclass(frozen=True)
class TimeZone:
    """A time zone that Firehose takes: the Java name of a region."""

    wording: str = "an IANA time zone of letters, `/` and `_`, such as Asia/Seoul"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Refuse a name that Firehose's model or Java does not know, and one that is no time zone at all."""
        if not isinstance(value, str):
            problems.append(f"{path} must be {self.wording}, not {shown(value)}")
        elif not _FIREHOSE_ZONE.fullmatch(value):
            problems.append(
                f"{path} {shown(value)} is refused: Firehose takes at most 50 letters, `/` and `_`; "
                "choose a zone of the same offset whose name has no other characters"
            )
        elif value.startswith(_NOT_JAVA_FOLDERS) or value in _NOT_JAVA:
            problems.append(
                f"{path} {shown(value)} is refused: it is no time zone in Java, in which Firehose looks it up"
            )
        elif not _zone_exists(value):
            problems.append(f"{path} {shown(value)} is not in the IANA time zone database")
        return value


@dataclass(frozen=True)
class Maybe:
    """`null`, or what the inner check allows."""

    inner: Check

    @property
    def wording(self) -> str:
        """The inner wording, and null."""
        return f"null, or {self.inner.wording}"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Let null pass."""
        return None if value is None else self.inner.read(value, path, problems)


@dataclass(frozen=True)
class Each:
    """A list; every element is checked, the result is a tuple."""

    inner: Check

    @property
    def wording(self) -> str:
        """The inner wording, as a list."""
        return f"list of {self.inner.wording}"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Check every element; its number stands in the message."""
        if not isinstance(value, list):
            problems.append(f"{path} must be a list, not {shown(value)}")
            return ()
        return tuple(self.inner.read(item, f"{path}[{at}]", problems) for at, item in enumerate(value))


@dataclass(frozen=True)
class Pairs:
    """An object of text to text; the result is a sorted tuple of pairs, so that settings stay hashable."""

    key: Text
    value: Text

    @property
    def wording(self) -> str:
        """Both sides."""
        return f"object: {self.key.hint} to {self.value.hint}"

    def read(self, value: Any, path: str, problems: list[str]) -> Any:
        """Check keys and values alike."""
        if not isinstance(value, dict):
            problems.append(f"{path} must be an object, not {shown(value)}")
            return ()
        for key, item in value.items():
            self.key.read(key, f"a key of {path}", problems)
            self.value.read(item, f"{path}.{key}", problems)
        return tuple(sorted(value.items()))


def shown(value: Any) -> str:
    """Write a value into a message: short, and in JSON's words."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:
        text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."


def _browser_host(host: str) -> str | None:
    """Return a host as a browser writes it in an origin, or None when it is no host."""
    if not host.startswith("["):
        return host if all(host.removesuffix(".").split(".")) else None
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
    except ValueError:
        return None


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
