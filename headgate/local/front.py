"""API Gateway's place in the local run: Chalice's own gateway behind a server that is fit for any client.

Events and answers go through Chalice as with `chalice local`; front_handler has each connection. Decides the
ids that API Gateway adds and how the server ends. Never looks into a body. Run by functions_process.
"""

import os
import time
import uuid
from base64 import b64encode
from collections.abc import Collection, Mapping
from typing import Any

from chalice.config import Config
from chalice.local import CustomLocalChalice, LocalChalice, LocalGateway

from headgate.local.front_handler import Handler
from headgate.local.server import LoopbackServer

_STOP_S = 25.0  # longer than the function's time-out
_REMEDY = " Name another: --port."


class Gateway(LocalGateway):  # type: ignore[misc]
    """Chalice's gateway, with the ids that AWS's adds and every body in base64, as AWS hands it over."""

    def _generate_lambda_event(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> dict[str, Any]:
        event: dict[str, Any] = super()._generate_lambda_event(method, path, headers, body)
        request_id = str(uuid.uuid4())
        event["requestContext"]["requestId"] = request_id
        # Source: requestContext of a recorded REST API event: 11 bytes in base64, which no client can choose.
        event["requestContext"]["extendedRequestId"] = b64encode(os.urandom(11)).decode()
        if body:  # `*/*` is the API's binary type (app.py), so that no body becomes text on its way
            event["body"], event["isBase64Encoded"] = b64encode(body).decode(), True
        event["headers"].setdefault(
            "x-amzn-trace-id", f"Root=1-{int(time.time()):08x}-{request_id.replace('-', '')[:24]}"
        )
        return event


class Front(LoopbackServer):
    """The HTTP side of the local run. Satisfies front_handler.Owner."""

    def __init__(
        self, app: Any, config: Config, port: int, api_key: str | None, origins: Collection[str] = ()
    ) -> None:
        """Bind. `origins` are those of the stage's `cors_origins`. Raises LocalError without the port."""
        CustomLocalChalice.__bases__ = (LocalChalice, app.__class__)
        app.__class__ = CustomLocalChalice  # as chalice.local does: the current request is per thread
        self.gateway: LocalGateway = Gateway(app, config)
        self.routes: Mapping[str, Mapping[str, Any]] = app.routes
        self.api_key = api_key
        self.origins = frozenset(origins)
        super().__init__(port, Handler, _REMEDY)

    def stop(self) -> bool:
        """Take no more requests and finish those that run; return False when some still run after 25 s."""
        return self.finish(_STOP_S)
