"""Which URLs and headers a client of `POST /v1` may be given, and how they are shown without their secrets.

Pure. What no request could be made of is refused here: a mistake that shows only while sending would leave
everything unsent. No message repeats a value, because a value can hold a secret. Used by the agent's
configuration and by the sender's command line.

Source: RFC 3986 and 3987 (URLs), RFC 9110, section 5 (header fields); docs/contract.md for dry_run.
"""

import re
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, quote, unquote_plus, urlsplit

_NO_URL = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_ANY_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
_HOST = re.compile(r"[A-Za-z0-9_.-]+")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
# What a request is made of: another value would break it, or what is read of its answer.
_OURS = frozenset(
    {
        *("accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect"),
        *("host", "idempotency-key", "keep-alive", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade"),
    }
)
_SECRET = re.compile(r"auth|key|token|cookie|secret|signature|password", re.IGNORECASE)
_AS_IT_IS = "/%:@!$&'()*+,;=~-._"
_NO = frozenset({"0", "false", "no"})
_SECRET_MIN_CHARS = 6  # a shorter text is found by chance in any answer
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint and the headers that go with every request to it."""

    tls: bool
    host: str  # as DNS or a socket takes it: ASCII, no brackets
    port: int | None
    path: str = field(repr=False)  # percent-encoded, with the query
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def authority(self) -> str:
        """Return host and port as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the whole URL, for a request; people are shown `shown`."""
        return f"http{'s' if self.tls else ''}://{self.authority}{self.path}"

    @property
    def shown(self) -> str:
        """Return the URL for people and logs: the values in its query are hidden."""
        return shown_url(self.url)

    def checking(self) -> "Target":
        """Return the same endpoint, asked only to check."""
        path, _, query = self.path.partition("?")
        kept = [each for each in query.split("&") if each and _dry_run(each) is None]
        return replace(self, path=f"{path}?{'&'.join([*kept, 'dry_run=1'])}")

    def shown_headers(self) -> list[tuple[str, str]]:
        """Return the headers with secrets hidden."""
        return [(name, HIDDEN if _SECRET.search(name) else value) for name, value in self.headers]

    def secrets(self) -> list[str]:
        """Return the texts that must not come back in a message: secret headers, values of the query."""
        found = [value for name, value in self.headers if _SECRET.search(name)]
        found += [value.rpartition(" ")[2] for value in found]
        found += [value for _, value in parse_qsl(urlsplit(self.url).query)]
        return [text for text in found if len(text) >= _SECRET_MIN_CHARS]


def parse_url(text: str) -> Target:
    """Return the endpoint of a URL.

    Raises ValueError with the end of a sentence, which repeats no part of the URL.
    """
    text = text.strip()
    if _NO_URL.search(text):
        raise ValueError("must be a URL without blanks and control characters (percent-encode them)")
    try:
        parts = urlsplit(text)
    except ValueError:  # its own words may repeat a password
        raise ValueError("is not a URL: its host cannot be read") from None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("must be an http:// or https:// URL")
    if "@" in parts.netloc:
        raise ValueError("must not have a user name or a password in it; set the header Authorization")
    if any(value not in _NO for value in map(_dry_run, parts.query.split("&")) if value is not None):
        raise ValueError("must not have dry_run: the endpoint would check the events and store none of them")
    query = f"?{quote(parts.query, safe=_AS_IT_IS + '?')}" if parts.query else ""
    path = quote(parts.path or "/", safe=_AS_IT_IS) + query
    return Target(parts.scheme == "https", _host(parts), _port(parts), path)


def url_problem(text: str) -> str | None:
    """Return what is wrong with a URL, as the end of a sentence; None when it can be used."""
    try:
        parse_url(text)
    except ValueError as error:
        return str(error)
    return None


def header_problem(name: str, value: str) -> str | None:
    """Return what is wrong with a header, as a sentence without its value; None when it can be set."""
    if not _NAME.fullmatch(name):
        return f"{name!a} is a name that no header can have"
    if name.lower() in _OURS:
        return f"{name} must not be set: every request sets it itself"
    if not _VALUE.fullmatch(value):
        return f"the value of {name} holds characters that a header cannot hold"
    return None


def shown_url(text: str) -> str:
    """Return a URL with hidden secrets: a user name, a password, the values of the query, the fragment."""
    start, mark, query = text.partition("#")[0].partition("?")
    scheme, slashes, rest = start.rpartition("://")
    if "@" in rest:
        rest = f"{HIDDEN}@{rest.rpartition('@')[2]}"
    names = [f"{name}={HIDDEN}" if sign else HIDDEN for name, sign, _ in _pairs(query)]
    return f"{scheme}{slashes}{rest}{mark}{'&'.join(names)}"


def hide_secrets(text: str) -> str:
    """Return a sentence in which every URL is shown without its secrets."""
    return _ANY_URL.sub(lambda match: shown_url(match[0]), text)


def _pairs(query: str) -> list[tuple[str, str, str]]:
    return [each.partition("=") for each in query.split("&") if each]


def _dry_run(parameter: str) -> str | None:
    """Return the value of the parameter dry_run in lower case; None when it is another parameter."""
    name, _, value = parameter.partition("=")
    return unquote_plus(value).lower() if unquote_plus(name) == "dry_run" else None


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        if "[" in parts.netloc:
            return str(ip_address(host))
        host = host.encode("idna").decode("ascii")
    except ValueError:  # UnicodeError is one
        host = ""
    if not _HOST.fullmatch(host):
        raise ValueError("is not a URL: its host cannot be read")
    return host


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("is not a URL: its port must be a number from 1 to 65535")
    return port
