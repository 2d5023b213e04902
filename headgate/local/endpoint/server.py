"""The one AWS endpoint of the local run: a loopback HTTP server in front of our services and moto.

Decides who listens where, and that stopping finishes the requests that run. Never looks into a request:
endpoint.handler does. Started by `headgate local`.
"""

import errno
import socket
import threading
import time
from collections.abc import Mapping
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from headgate.local.endpoint.handler import Handler
from headgate.local.endpoint.wsgi import WSGIApplication
from headgate.local.errors import LocalError
from headgate.local.wire import Service

LOOPBACK = "127.0.0.1"
_STOP_S = 10.0
_POLL_S = 0.02


class Endpoint:
    """`services` by the prefix of `X-Amz-Target` (`Kinesis_20131202`); all else goes to `fallback`."""

    def __init__(self, services: Mapping[str, Service], fallback: WSGIApplication, port: int) -> None:
        self._services = dict(services)
        self._fallback = fallback
        self._port = port
        self._server: _Server | None = None

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
        try:
            self._server = _Server(self._services, self._fallback, self._port)
        except OverflowError as error:
            raise LocalError(f"Port {self._port} is not a port number (0 to 65535).") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise LocalError(f"Port {self._port} is already in use by another program.") from error
            raise LocalError(f"Port {self._port} cannot be opened: {error.strerror}.") from error
        self._server.begin()

    def stop(self) -> None:
        """Take no more connections and finish the requests that run, within 10 s."""
        if self._server:
            self._server.finish(_STOP_S)
            self._port, self._server = self._server.port, None


class _Server(ThreadingMixIn, TCPServer):
    """Satisfies endpoint.handler.Owner."""

    # A burst of new connections waits here; one that finds the queue full waits a second.
    request_queue_size = 1024
    daemon_threads = True
    allow_reuse_address = True  # a restart must not wait for TIME_WAIT

    def __init__(self, services: Mapping[str, Service], fallback: WSGIApplication, port: int) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.services = services
        self.fallback = fallback
        self.port = int(self.socket.getsockname()[1])
        self.stopping = False
        self.connections: set[Handler] = set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def begin(self) -> None:
        self._acceptor.start()

    def _accept(self) -> None:
        # Not serve_forever, which wakes twice a second to see whether it shall stop.
        while not self.stopping:
            self.handle_request()

    def get_request(self) -> tuple[Any, Any]:
        try:
            return super().get_request()
        except OSError:  # mostly no file descriptor left: the same connection is offered again at once
            time.sleep(_POLL_S)
            raise

    def finish(self, limit_s: float) -> None:
        self.stopping = True
        socket.create_connection((LOOPBACK, self.port)).close()  # wakes the acceptor
        self._acceptor.join()
        self.server_close()
        deadline_s = time.monotonic() + limit_s
        while self.connections and time.monotonic() < deadline_s:
            for connection in list(self.connections):
                if not connection.busy:
                    connection.hang_up()
            time.sleep(_POLL_S)
        for connection in list(self.connections):
            connection.abort()
