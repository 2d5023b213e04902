"""Facts about the EC2 instance the agent runs on, by the instance metadata service (IMDSv2).

Asked at most once per TTL, with short time-outs; None anywhere else than on EC2.
`AWS_EC2_METADATA_SERVICE_ENDPOINT` and `AWS_EC2_METADATA_DISABLED` mean what they mean to the AWS SDKs.
"""

import http.client
import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_S = 1.0
_RETRY_S = 60.0  # after a failure
_DOCUMENT = "/latest/dynamic/instance-identity/document"
_TAGS = "/latest/meta-data/tags/instance"
_FIELDS = {
    "privateIp": "privateIp",
    "availabilityZone": "availabilityZone",
    "instanceId": "instanceId",
    "instanceType": "instanceType",
    "accountId": "accountId",
    "amiId": "imageId",
    "region": "region",
}

Facts = dict[str, Any]


class InstanceFacts:
    """A cached reader of the facts; call it for them."""

    def __init__(self, ttl_s: float, fetch: Callable[[], Facts | None] | None = None) -> None:
        self._ttl_s = ttl_s
        self._fetch = fetch or fetch_facts
        self._facts: Facts | None = None
        self._until_s = -1e9

    def __call__(self) -> Facts | None:
        """The facts, or None where there are none."""
        now_s = time.monotonic()
        if now_s >= self._until_s:
            self._facts = self._fetch()
            self._until_s = now_s + (_RETRY_S if self._facts is None else self._ttl_s)
        return self._facts


def fetch_facts() -> Facts | None:
    """Ask the metadata service; None when it does not answer."""
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return None
    endpoint = urlsplit(os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254"))
    connection = http.client.HTTPConnection(endpoint.hostname or "", endpoint.port, timeout=_TIMEOUT_S)
    try:
        token = _ask(connection, "PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "300"})
        if token is None:
            return None
        headers = {"X-aws-ec2-metadata-token": token}
        document = json.loads(_ask(connection, "GET", _DOCUMENT, headers) or "{}")
        facts: Facts = {name: document.get(field) for name, field in _FIELDS.items()}
        names = (_ask(connection, "GET", _TAGS, headers) or "").split()
        facts["tags"] = {name: _ask(connection, "GET", f"{_TAGS}/{name}", headers) for name in names}
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return facts


def _ask(
    connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str]
) -> str | None:
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read().decode("utf-8", "replace")
    return body if response.status == http.client.OK else None
