"""Run a WSGI application for one request that has been read whole.

Decides the environ that moto needs (the raw target for keys such as `a%2Fb`, the spelling of metadata
headers) and the body of the answer. Never touches a socket. Called by endpoint.handler.

Source: PEP 3333; moto 5.2.5, moto_server/werkzeug_app.py (MotoRequestHandler.make_environ).
"""

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from headgate.local.connection import Reply
from headgate.local.endpoint.dispatch import Head

StartResponse = Callable[..., Callable[[bytes], object]]
WSGIApplication = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

_BODILESS = (204, 304)  # RFC 9110 section 6.4.1: these end with the head
_SPELLINGS = "moto.preserved_header_names"  # moto.core.request.PRESERVED_HEADER_NAMES_ENVIRON_KEY


def environ_of(head: Head, body: bytes, port: int) -> dict[str, Any]:
    """The WSGI environment of one request."""
    path, _, query = head.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": head.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": head.target,
        "REQUEST_URI": head.target,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    spellings: dict[str, str] = {}
    for name, value in head.pairs:
        key = _environ_key(name)
        if key in ("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):
            continue  # the body is whole: its length is known and it is not chunked any more
        if "_" in name:
            # WSGI cannot tell X_Foo from X-Foo: a name with `_` counts only where S3 allows one, and alone.
            if not name.lower().startswith("x-amz-meta-") or name.lower().replace("_", "-") in head.headers:
                continue
            spellings[key] = name
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ[_SPELLINGS] = spellings
    return environ


def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def run(application: WSGIApplication, environ: dict[str, Any]) -> Reply:
    """Call `application` once. Its exceptions pass through: the caller answers 500."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return _no_write

    chunks = application(environ, start_response)
    status, sent = started[0]
    code = int(status.split(" ", 1)[0])
    headers = [(name, value) for name, value in sent if name.lower() not in ("content-length", "connection")]
    if code in _BODILESS:
        return Reply(code, headers, None, [])
    length_bytes = next((int(value) for name, value in sent if name.lower() == "content-length"), None)
    if length_bytes is None:
        body = b"".join(chunks)
        length_bytes, chunks = len(body), [body]
    return Reply(code, headers, length_bytes, chunks)


def _no_write(_: bytes) -> None:
    raise NotImplementedError("the write callable of PEP 3333 is not supported")
