"""Which proxy the environment names for an endpoint, as curl and botocore understand the variables.

`https_proxy`, `http_proxy`, then `all_proxy`; the lower-case name wins over the upper-case one. `HTTP_PROXY`
in upper case is not read in a CGI script, where a client's header sets it. `no_proxy` lists hosts that are
reached directly: `*`, a name with all names below it (a dot at its start changes nothing), an IP address, a
network in CIDR notation, each with or without a port.

Source: curl's manual, "Environment variables"; botocore.utils.get_environ_proxies, which takes
urllib.request's getproxies and proxy_bypass.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from headgate.contract.url import Target

_PORT = 1080  # where the variable names none. Source: curl's manual, --proxy
_PORTS = {True: 443, False: 80}


class ProxyError(Exception):
    """A variable names a proxy that cannot be used; the sentence does not repeat its value."""


class Proxy(NamedTuple):
    """An HTTP proxy."""

    host: str
    port: int
    authorization: str | None  # the value of Proxy-Authorization
    variable: str  # that names it, for messages

    @property
    def shown(self) -> str:
        """Return how a person finds it."""
        return f"{self.host}:{self.port} ({self.variable})"


def proxy_for(target: Target, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for an endpoint, or None where it is reached directly. Raises ProxyError."""
    for name in ("https_proxy" if target.tls else "http_proxy", "all_proxy"):
        variable, text = _value(name, environ)
        if text:
            _, exceptions = _value("no_proxy", environ)
            return None if bypasses(target, exceptions) else _proxy(variable, text)
    return None


def bypasses(target: Target, exceptions: str) -> bool:
    """Return whether NO_PROXY lists the host of an endpoint."""
    port = target.port or _PORTS[target.tls]
    return any(_matches(entry, target.host, port) for entry in re.split(r"[,\s]+", exceptions) if entry)


def _value(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the name of the variable that counts, and its value."""
    if name in environ:
        return name, environ[name].strip()
    if name == "http_proxy" and "REQUEST_METHOD" in environ:
        return name, ""
    return name.upper(), environ.get(name.upper(), "").strip()


def _proxy(variable: str, text: str) -> Proxy:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port or _PORT
    except ValueError:  # its own words may repeat a password
        host, port = None, 0
    else:
        if parts.scheme != "http":
            raise ProxyError(
                f"{variable} names a proxy that does not begin with http://; only HTTP proxies are used"
            )
    if not host:
        raise ProxyError(f"{variable} is not the URL of a proxy, such as http://proxy.example.com:3128")
    authorization = None
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {b64encode(login.encode()).decode('ascii')}"
    return Proxy(host, port, authorization, variable)


def _matches(entry: str, host: str, port: int) -> bool:
    """Return whether one entry of NO_PROXY means this host."""
    if entry == "*":
        return True
    name, port_text = _without_port(entry.lower())
    if port_text and port_text != str(port):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        suffix = name.strip(".")
        host = host.lower().rstrip(".")
        return bool(suffix) and (host == suffix or host.endswith(f".{suffix}"))
    try:
        return address in ip_network(name.strip("[]"), strict=False)
    except ValueError:
        return False


def _without_port(entry: str) -> tuple[str, str]:
    """`name:port`, `[::1]:port`; an IPv6 address without brackets has no port."""
    bracketed = re.fullmatch(r"(\[[^]]*\])(?::(\d+))?", entry)
    if bracketed:
        return bracketed[1], bracketed[2] or ""
    name, colon, port = entry.rpartition(":")
    return (name, port) if colon and port.isdecimal() and ":" not in name else (entry, "")
