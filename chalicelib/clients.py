"""botocore's clients as the functions use them: made fast, one attempt, bodies with events written by orjson.

Signing, credentials, endpoints, TLS and errors are botocore's own. With aws.py the only importer of botocore.
Called by aws.py.

Source: docs/decisions/0002 for the options, 0007 for how the models are read, and what each is worth.
"""

import gzip
from functools import cache
from typing import Any

import botocore.session
import orjson
from botocore import handlers
from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from pybase64 import b64encode

from chalicelib import __version__

_CONNECT_S = 1.0
_READ_S = 4.0  # p99 of a full PutRecords is below one second; a longer silence is worth a second try
CALL_S = _CONNECT_S + _READ_S
_POOL = 32  # the local server's threads share a client; in Lambda there is one
_BODY = "headgate_body"


class _Files(JSONFileLoader):  # type: ignore[misc]  # botocore has no types
    """Model files, read by orjson: botocore's own reading makes an OrderedDict of every object."""

    def load_file(self, file_path: str) -> Any:
        """The JSON at a path without its ending, None if there is none."""
        for ending, opened in ((".json", open), (".json.gz", gzip.open)):
            try:
                with opened(file_path + ending, "rb") as file:
                    return orjson.loads(file.read())
            except FileNotFoundError:
                continue
        return None


class _Models(Loader):  # type: ignore[misc]  # botocore has no types
    """botocore's models of the services that are asked for."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - the base's signature
        """The services used here; botocore would look into some 400 folders to say that these are there."""
        return ["firehose", "kinesis", "s3"]


class _SameEndpoint:
    """botocore's resolver of endpoints, asked once for each operation in place of once for each call."""

    def __init__(self, resolver: Any) -> None:
        self._resolver = resolver
        self._known: dict[str, Any] = {}

    def construct_endpoint(self, operation_model: Any, *rest: Any, **others: Any) -> Any:
        """The endpoint of an operation."""
        known = self._known.get(operation_model.name)
        if known is None:
            known = self._resolver.construct_endpoint(operation_model, *rest, **others)
            self._known[operation_model.name] = known
        return known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resolver, name)


@cache  # what it has loaded is for all clients
def _session() -> Any:
    """One of botocore: boto3 would add nothing but its import, a quarter of a cold start."""
    session = botocore.session.get_session()
    session.register_component("data_loader", _Models(file_loader=_Files()))
    return session


def client(service: str) -> Any:
    """A client that never retries: all retrying is retry.py's."""
    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"total_max_attempts": 1},
        user_agent=f"headgate/{__version__}",
        parameter_validation=False,
        tcp_keepalive=True,
        max_pool_connections=_POOL,
    )
    made = _session().create_client(service, config=config)
    # The headers that count botocore's attempts would always say one, and each header is signed.
    made.meta.events.unregister("request-created", getattr(handlers, "add_retry_headers", None))
    # And whether to try again need not be asked after the only attempt.
    made.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
    return made


def writing_bodies(made: Any, operation: str) -> Any:
    """The client, with the JSON of `operation` written by orjson in place of botocore's serialiser.

    Needs `parameter_validation=False`. Source: botocore, events before-parameter-build and before-call.
    The stream goes by its name, so the endpoint is the same in every call, and is looked for in the first.
    """
    if hasattr(made, "_ruleset_resolver"):
        made._ruleset_resolver = _SameEndpoint(made._ruleset_resolver)  # noqa: SLF001 - there is no public place
    made.meta.events.register(f"before-parameter-build.{operation}", _write_body)
    made.meta.events.register(f"before-call.{operation}", _send_body)
    return made


def _write_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    """Take the records away from the serialiser; `context` is this call's own, so threads do not meet.

    Base64 has nothing to escape, and looking for it would cost more than encoding: it is joined in as it is.
    """
    records = params.pop("Records")
    parts = [orjson.dumps(params)[:-1], b',"Records":[']
    start = b'{"Data":"'
    for record in records:
        others = {name: value for name, value in record.items() if name != "Data"}
        end = b'",' + orjson.dumps(others)[1:] if others else b'"}'
        parts += (start, b64encode(record["Data"]), end)
        start = b',{"Data":"'
    context[_BODY] = b"".join([*parts, b"]}"])


def _send_body(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    params["body"] = context[_BODY]
