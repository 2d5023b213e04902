"""API Gateway's place in the local run: Chalice's own local server, made fit for any client.

Events and answers go through Chalice as with `chalice local`; front_handler has each connection. Decides the
ids that API Gateway adds and how the server ends. Never looks into a body. Run by functions_process.
"""

import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from chalice.config import Config
from chalice.local import (
    CustomLocalChalice,
    LocalChalice,
    LocalDevServer,
    LocalGateway,
    ThreadedHTTPServer,
)

from headgate.local.errors import LocalError
from headgate.local.front_handler import Handler

LOOPBACK = "127.0.0.1"
_STOP_S = 25.0  # longer than the function's time-out


class Gateway(LocalGateway):  # type: ignore[misc]
    """Chalice's gateway, with the request id and the trace id that AWS's adds."""

    def _generate_lambda_event(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> dict[str, Any]:
        event: dict[str, Any] = super()._generate_lambda_event(method, path, headers, body)
        request_id = str(uuid.uuid4())
        event["requestContext"]["requestId"] = request_id
        event["headers"].setdefault(
            "x-amzn-trace-id", f"Root=1-{int(time.time()):08x}-{request_id.replace('-', '')[:24]}"
        )
        return event


class _Server(ThreadedHTTPServer):  # type: ignore[misc]
    """Threads per connection, counting the requests that run. Satisfies front_handler.Owner."""

    request_queue_size = 1024
    allow_reuse_address = True
    gateway: Gateway
    routes: dict[str, dict[str, Any]]
    api_key: str | None = None

    def __init__(self, address: tuple[str, int], handler: Callable[..., Any]) -> None:
        self.stopping = False
        self._running = 0
        self._idle = threading.Condition()
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away; anything else is a fault of ours and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def enter(self) -> bool:
        """Count a request in; False when no more are taken."""
        with self._idle:
            if self.stopping:
                return False
            self._running += 1
            return True

    def leave(self) -> None:
        """Count a request out."""
        with self._idle:
            self._running -= 1
            self._idle.notify_all()

    def finish(self) -> bool:
        """Take no more requests and wait for those that run; False if some still run after `_STOP_S`."""
        with self._idle:
            self.stopping = True
        self.shutdown()
        self.server_close()
        with self._idle:
            return self._idle.wait_for(lambda: self._running == 0, _STOP_S)


class Front:
    """The HTTP side of the local run."""

    def __init__(self, app: Any, config: Config, port: int, api_key: str | None) -> None:
        """Bind. Raises LocalError when the port cannot be had."""
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice  # as chalice.local does: the current request is per thread
        try:
            dev_server = LocalDevServer(app, config, LOOPBACK, port, handler_cls=Handler, server_cls=_Server)
        except OverflowError:
            raise LocalError(f"{port} is not a port number (0 to 65535).") from None
        except OSError as error:
            raise LocalError(f"Port {port} cannot be used: {error.strerror}. Name another: --port.") from None
        self._server: _Server = dev_server.server
        self._server.gateway = Gateway(app, config)
        self._server.routes = app.routes
        self._server.api_key = api_key
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def finish(self) -> bool:
        """Stop taking requests and finish those that run."""
        return self._server.finish()
