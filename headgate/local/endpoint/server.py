"""The one AWS endpoint of the local run: a loopback HTTP server in front of our services and moto.

Decides its address. Never looks into a request: endpoint.handler does. Started by `headgate local`.
"""

from collections.abc import Mapping

from headgate.local.endpoint.handler import Server
from headgate.local.endpoint.wsgi import WSGIApplication
from headgate.local.server import LOOPBACK
from headgate.local.wire import Service

_STOP_S = 10.0


class Endpoint:
    """`services` by the prefix of `X-Amz-Target` (`Kinesis_20131202`); all else goes to `fallback`."""

    def __init__(self, services: Mapping[str, Service], fallback: WSGIApplication, port: int) -> None:
        self._services = dict(services)
        self._fallback = fallback
        self._port = port
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on; with port 0 the free one that the system chose."""
        return self._server.port if self._server else self._port

    @property
    def url(self) -> str:
        """What goes into AWS_ENDPOINT_URL."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Listen. Raises LocalError when the port cannot be had."""
        self._server = Server(self._services, self._fallback, self._port)
        self._server.begin()

    def stop(self) -> None:
        """Take no more connections and finish the requests that run, within 10 s."""
        if self._server:
            self._server.finish(_STOP_S)
            self._port, self._server = self._server.port, None
