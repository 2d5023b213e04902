"""moto's server on loopback, with answers of the test's own in front of it.

The functions' client speaks HTTP itself, so it meets moto as any program does; boto3 looks at what is stored.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

REGION = "us-east-1"
_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
_UNSET = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")


class MotoEndpoint:
    """The server's side: `script` holds (status, body) of the next answers, None lets moto answer."""

    def __init__(self) -> None:
        self.script: list[tuple[int, bytes] | None] = []
        self.lose_answers = 0  # so many of moto's answers become a proxy's page
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def client(self, service: str) -> Any:
        """A boto3 client of the same services."""
        return boto3.client(service, endpoint_url=self.url, **_KEYS)

    def _answer(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        ours = str(environ.get("HTTP_USER_AGENT", "")).startswith("headgate/")
        scripted = self.script.pop(0) if ours and self.script else None
        if scripted is None and not (ours and self.lose_answers):
            return self._moto(environ, start)  # type: ignore[no-any-return]
        if scripted is None:
            self.lose_answers -= 1
            list(self._moto(environ, lambda *_: None))
            scripted = 502, b"<html><body>Bad Gateway</body></html>"
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(f"{scripted[0]} Scripted", [("Content-Length", str(len(scripted[1])))])
        return [scripted[1]]


@contextmanager
def moto_endpoint(environ: pytest.MonkeyPatch) -> Iterator[MotoEndpoint]:
    """A running one, which the environment names."""
    for name in _UNSET:
        environ.delenv(name, raising=False)
    endpoint = MotoEndpoint()
    environ.setenv("AWS_ACCESS_KEY_ID", "test")
    environ.setenv("AWS_SECRET_ACCESS_KEY", "test")
    environ.setenv("AWS_DEFAULT_REGION", REGION)
    environ.setenv("AWS_ENDPOINT_URL", endpoint.url)
    try:
        yield endpoint
    finally:
        endpoint.close()
