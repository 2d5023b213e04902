"""Where an HTTP flow posts, and what its headers may hold.

Pure. What no request could be made of is refused here: a mistake that only shows while sending would leave
every line unsent. Called by flow.py, and by load.py for the endpoints of AWS.

Source: RFC 9110, section 5 (header fields); docs/contract.md for dry_run.
"""

import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qsl, urlsplit

from headgate.agent.config.keys import Reader
from headgate.agent.config.model import HttpTarget

ReadSecret = Callable[[str], str]
"""Reads the file of an API key. Raises OSError, UnicodeDecodeError."""

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_NO_DRY_RUN = {"0", "false", "no"}
# The agent's own: they say how the body is to be read, and which event ids it has.
_OURS = frozenset(
    {
        *("connection", "content-encoding", "content-length", "content-type", "expect", "host"),
        *("idempotency-key", "transfer-encoding"),
    }
)


def read_target(read: Reader, url: str, read_secret: ReadSecret) -> HttpTarget:
    """The target of a flow with `httpEndpoint`; every mistake goes to the reader."""
    problem = url_problem(url) or _dry_run_problem(urlsplit(url))
    if problem:
        read.complain("httpEndpoint", problem)
    key = read.text("httpApiKey")
    if key is not None and not _VALUE.fullmatch(key):
        read.complain("httpApiKey", "holds characters that a header cannot hold")
    key_file = read.text("httpApiKeyFile")
    if key_file is not None:
        key = _key_of(read, key_file, read_secret)
    return HttpTarget(url, key, _headers(read))


def url_problem(url: str) -> str | None:
    """What is wrong with the URL of an endpoint, as the end of a sentence; None when it can be used."""
    if not _PRINTABLE.fullmatch(url):
        return "must be a URL of printable ASCII without blanks (percent-encode the rest)"
    try:
        parts = urlsplit(url)
        port = parts.port
        (parts.hostname or "").encode("idna")
    except ValueError as error:  # UnicodeError is one
        return f"is not a URL: {error}"
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return "must be an http:// or https:// URL"
    return None


def _dry_run_problem(parts: SplitResult) -> str | None:
    values = [value for name, value in parse_qsl(parts.query, keep_blank_values=True) if name == "dry_run"]
    if all(value.lower() in _NO_DRY_RUN for value in values):
        return None
    return "must not have dry_run: the endpoint would check the lines and store none of them"


def _key_of(read: Reader, path: str, read_secret: ReadSecret) -> str | None:
    try:
        key = read_secret(path).strip()
    except OSError as error:
        read.complain("httpApiKeyFile", f"cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError:
        read.complain("httpApiKeyFile", "cannot be read: it is not text")
        return None
    if not _VALUE.fullmatch(key):
        read.complain("httpApiKeyFile", "holds characters that a header cannot hold")
    return key


def _headers(read: Reader) -> tuple[tuple[str, str], ...]:
    headers = read.values.get("httpHeaders", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        read.complain("httpHeaders", "must be an object of strings")
        return ()
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            read.complain("httpHeaders", f"has a name that no header can have: {name!r}")
        elif name.lower() in _OURS:
            read.complain("httpHeaders", f"must not set {name}: the agent sets it itself")
        elif not _VALUE.fullmatch(value):
            read.complain("httpHeaders", f"has a value of {name} with characters that a header cannot hold")
    return tuple(headers.items())
