"""A loopback HTTP server: who listens where, and that stopping finishes the requests that run.

Never looks into a request: connection.py does. The base of both servers of the local run.
"""

import errno
import socket
import sys
import threading
import time
from socketserver import BaseRequestHandler, TCPServer, ThreadingMixIn
from typing import Any, Protocol

from headgate.local.errors import LocalError

LOOPBACK = "127.0.0.1"
_POLL_S = 0.02


class Stoppable(Protocol):
    """What a server needs of a connection, to stop it from another thread."""

    busy: bool

    def hang_up(self) -> None:
        """See the end of the input."""
        ...

    def abort(self) -> None:
        """End at once."""
        ...


class LoopbackServer(ThreadingMixIn, TCPServer):
    """One thread per connection; `connections` are those that are open."""

    # A burst of new connections waits here; one that finds the queue full waits a second.
    request_queue_size = 1024
    daemon_threads = True
    allow_reuse_address = True  # a restart must not wait for TIME_WAIT

    def __init__(self, port: int, connection: type[BaseRequestHandler], remedy: str = "") -> None:
        """Bind. Raises LocalError, with what to do at its end, when the port cannot be had."""
        self.stopping = False
        self.connections: set[Stoppable] = set()
        self._told: set[str] = set()
        try:
            super().__init__((LOOPBACK, port), connection)
        except OverflowError as error:
            raise LocalError(f"Port {port} is not a port number (0 to 65535).") from error
        except OSError as error:
            reason = (
                "is already in use by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be opened: {error.strerror}"
            )
            raise LocalError(f"Port {port} {reason}.{remedy}") from error
        self.port = int(self.socket.getsockname()[1])
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def begin(self) -> None:
        """Serve in threads of its own."""
        self._acceptor.start()

    def tell_once(self, sentence: str) -> None:
        """Print a sentence for the person on the terminal, once in the server's life."""
        if sentence not in self._told:
            self._told.add(sentence)
            print(f"headgate: {sentence}", file=sys.stderr, flush=True)

    def _accept(self) -> None:
        # Not serve_forever, which wakes twice a second to see whether it shall stop.
        while not self.stopping:
            self.handle_request()

    def get_request(self) -> tuple[Any, Any]:
        """Accept one connection."""
        try:
            return super().get_request()
        except OSError:  # mostly no file descriptor left: the same connection is offered again at once
            time.sleep(_POLL_S)
            raise

    def finish(self, limit_s: float) -> bool:
        """Take no more requests and finish those that run; return False if some still run after `limit_s`."""
        if self.stopping:
            return True
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
        left = list(self.connections)
        for connection in left:
            connection.abort()
        return not any(connection.busy for connection in left)
