"""Where an HTTP flow posts, and with which headers; what may stand there is decided by contract/url.py.

Pure. Called by flow.py.
"""

from collections.abc import Callable
from dataclasses import replace

from headgate.agent.config.keys import Reader
from headgate.contract.url import Target, header_problem, parse_url

ReadSecret = Callable[[str], str]
"""Reads the file of an API key. Raises OSError, UnicodeDecodeError."""
_KEY_HEADER = "X-Api-Key"


def read_target(read: Reader, url: str, read_secret: ReadSecret) -> Target:
    """Return the target of a flow with `httpEndpoint`; every mistake goes to the reader."""
    try:
        target = parse_url(url)
    except ValueError as error:
        read.complain("httpEndpoint", str(error))
        target = Target(tls=False, host="", port=None, path="/")
    headers = _headers(read)
    key = read.text("httpApiKey")
    if key is not None and header_problem(_KEY_HEADER, key):
        read.complain("httpApiKey", "holds characters that a header cannot hold")
    key_file = read.text("httpApiKeyFile")
    if key_file is not None:
        key = _key_of(read, key_file, read_secret)
    if key and _KEY_HEADER.lower() not in {name.lower() for name, _ in headers}:
        headers = ((_KEY_HEADER, key), *headers)
    return replace(target, headers=headers)


def _key_of(read: Reader, path: str, read_secret: ReadSecret) -> str | None:
    try:
        key = read_secret(path).strip()
    except OSError as error:
        read.complain("httpApiKeyFile", f"cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError:
        read.complain("httpApiKeyFile", "cannot be read: it is not text")
        return None
    if header_problem(_KEY_HEADER, key):
        read.complain("httpApiKeyFile", "holds characters that a header cannot hold")
    return key


def _headers(read: Reader) -> tuple[tuple[str, str], ...]:
    headers = read.values.get("httpHeaders", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        read.complain("httpHeaders", "must be an object of strings")
        return ()
    for name, value in headers.items():
        if problem := header_problem(name, value):
            read.complain("httpHeaders", f"cannot be used: {problem}")
    return tuple(headers.items())
