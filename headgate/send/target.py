"""Where to send: the URL and the headers, checked before anything is read. Pure; made by options."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

# RFC 9110: a field name is a token; a value is visible ASCII, spaces and tabs.
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
# What the request is made of: another value would break it, or what is read of its answer.
_OURS = {
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_SECRET = re.compile(r"auth|key|token|cookie|secret|signature", re.IGNORECASE)
_AS_IT_IS = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint."""

    tls: bool
    host: str
    port: int | None
    path: str  # with the query
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        """The URL, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port is not None else ""
        return f"http{'s' if self.tls else ''}://{host}{port}{self.path}"

    def checking(self) -> "Target":
        """The same endpoint, asked only to check."""
        joint = "&" if "?" in self.path else "?"
        return Target(self.tls, self.host, self.port, f"{self.path}{joint}dry_run=1", self.headers)

    def shown_headers(self) -> list[tuple[str, str]]:
        """The headers with secrets hidden."""
        return [(name, "***" if _SECRET.search(name) else value) for name, value in self.headers]


def parse_url(url: str) -> Target:
    """Raises ValueError with a sentence."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError as error:  # UnicodeError is one
        raise ValueError(f"{url!r} is not a URL: {error}") from None
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"{url!r} must begin with https:// or http://")
    if not host or re.search(r"[\s\x00-\x1f\x7f]", host):
        raise ValueError(f"{url!r} names no host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a user name or a password is no part of the URL; pass --header 'Authorization: …'")
    path = quote(parts.path or "/", safe=_AS_IT_IS) + (
        f"?{quote(parts.query, safe=_AS_IT_IS + '?')}" if parts.query else ""
    )
    return Target(parts.scheme == "https", host, port, path)


def parse_header(text: str) -> tuple[str, str]:
    """`Name: value`. Raises ValueError with a sentence that does not repeat the value."""
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not _NAME.fullmatch(name):
        raise ValueError("it must be of the form 'Name: value'")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the value of {name} holds characters that a header cannot hold")
    if name.lower() in _OURS:
        raise ValueError(f"{name} is set by the sender itself")
    return name, value
