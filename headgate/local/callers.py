"""Who may send requests to a server on loopback: programs of this machine, and no page of another site.

Decides by the Host, Origin and Sec-Fetch-Site headers, which a browser sets and a page cannot forge. A
program that is no browser sends no Origin and is not asked for more. Called by connection.py.

Source: Fetch standard, "Origin header"; W3C Fetch Metadata, Sec-Fetch-Site; RFC 6761, 6.3 (localhost).
"""

from collections.abc import Callable
from email.message import Message
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

_SAME = frozenset({"same-origin", "none"})  # the server's own page, or an address typed by the person


def refused_caller(headers: Message, port: int, may_ask: Callable[[str], bool]) -> str | None:
    """Return the sentence that refuses a request, None for one that may be answered.

    `port` is the server's; `may_ask` says for an origin of another site whether its pages may ask.
    """
    host = headers.get("Host", "localhost").strip()
    if not is_loopback(f"http://{host}"):
        # A name that an attacker's DNS points to this machine (DNS rebinding) stands in Host.
        return "This server answers to localhost and 127.0.0.1 only; the header Host has another name."
    origin = headers.get("Origin")
    if origin is None:
        if headers.get("Sec-Fetch-Site", "none").strip().lower() in _SAME:
            return None
        return "This server does not answer pages of another site."
    if is_loopback(origin) and urlsplit(origin).port == port:
        return None
    if may_ask(origin.strip()):
        return None
    return "Pages of this origin may not use this server."


@lru_cache(256)  # a program says the same host with each request
def is_loopback(url: str) -> bool:
    """Return whether a URL's host can only be this machine: localhost, a name below it, or a loopback IP."""
    try:
        parts = urlsplit(url.strip())
        name, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
