"""The agent's clients of Kinesis, Firehose and CloudWatch: its only importer of boto3, when used.

Decides regions, endpoints, credentials and time-outs by the keys of agent.json. One attempt per call: all
retrying is sending.py's.
"""

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from headgate.agent.config.model import Aws

_SESSION_NAME = "AWSKinesisAgent"
_ROLE_S = 3600


class Unusable(Exception):
    """A client cannot be made; the message is for a person."""


class MissingBoto(Unusable):
    """The destination needs boto3, which this Python does not have."""


def make_client(aws: Aws, service: str, *, endpoint: str | None, region: str | None) -> Any:
    """A client. Raises MissingBoto, or Unusable: no region, no such profile, a role that is refused."""
    try:
        import boto3  # noqa: PLC0415 - optional: an HTTP destination runs on a bare Python
        from botocore.config import Config  # noqa: PLC0415 - optional: an HTTP destination runs on a bare Python
        from botocore.exceptions import BotoCoreError, ClientError, NoRegionError  # noqa: PLC0415 - optional: an HTTP destination runs on a bare Python
    except ImportError:
        raise MissingBoto(
            f"the destination needs the Python package boto3 ({service}): pip install boto3"
        ) from None
    url = None if endpoint is None else endpoint if "://" in endpoint else f"https://{endpoint}"
    config = Config(
        connect_timeout=aws.connect_timeout_s,
        read_timeout=aws.read_timeout_s,
        retries={"total_max_attempts": 1},
        # Set whole, because botocore otherwise builds it anew for every call.
        user_agent=aws.user_agent_override or " ".join(filter(None, (aws.user_agent, "headgate-agent"))),
        parameter_validation=False,
        tcp_keepalive=aws.tcp_keepalive,
        max_pool_connections=max(1, aws.max_connections),
    )
    region = region or _region_of(url)
    try:
        return _session(boto3, aws).client(service, endpoint_url=url, region_name=region, config=config)
    except NoRegionError:
        key = f"{service}.region" if service == "kinesis" else f"{service}.endpoint"
        raise Unusable(f"no region is known for {service}: set {key} or AWS_DEFAULT_REGION") from None
    except (BotoCoreError, ClientError, ValueError) as error:
        raise Unusable(f"{service} cannot be reached: {error}") from None


def send_body(client: Any, service: str, operation: str) -> Callable[[bytes], Any]:
    """A function that makes one call with a ready-made JSON body.

    Writing the body by hand saves more than half of the CPU of a PutRecords with 500 records; endpoint,
    signature and parsing of the answer stay botocore's.
    """
    local = threading.local()

    def put_body(params: dict[str, Any], **_kwargs: object) -> None:
        params["body"] = local.body

    client.meta.events.register(f"before-call.{service}.{operation}", put_body)
    method = getattr(client, {"PutRecords": "put_records", "PutRecordBatch": "put_record_batch"}[operation])

    def call(body: bytes) -> Any:
        local.body = body
        try:
            return method(Records=[])
        finally:
            local.body = b""

    return call


@lru_cache(maxsize=1)
def _session(boto3: Any, aws: Aws) -> Any:
    """One session for all clients: each would load botocore's tables again, 5 MB of them."""
    keys: dict[str, str] = {}
    if aws.access_key_id and aws.secret_access_key:
        keys = {"aws_access_key_id": aws.access_key_id, "aws_secret_access_key": aws.secret_access_key}
    session = boto3.Session(**keys)
    if aws.role_arn is None:
        return session
    return _assumed(boto3, session, aws)


def _assumed(boto3: Any, session: Any, aws: Aws) -> Any:
    """A session whose credentials come from STS and are renewed before they expire."""
    from botocore.credentials import RefreshableCredentials  # noqa: PLC0415 - optional: an HTTP destination runs on a bare Python
    from botocore.session import get_session  # noqa: PLC0415 - optional: an HTTP destination runs on a bare Python

    sts = session.client("sts", endpoint_url=aws.sts_endpoint)
    request = {"RoleArn": aws.role_arn, "RoleSessionName": _SESSION_NAME, "DurationSeconds": _ROLE_S}
    if aws.role_external_id:
        request["ExternalId"] = aws.role_external_id

    def refresh() -> dict[str, str]:
        found = sts.assume_role(**request)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    inner = get_session()
    inner._credentials = RefreshableCredentials.create_from_metadata(  # noqa: SLF001 - botocore has no public way
        metadata=refresh(), refresh_using=refresh, method="sts-assume-role"
    )
    return boto3.Session(botocore_session=inner)


def _region_of(url: str | None) -> str | None:
    """The region in a host name such as kinesis.eu-west-1.amazonaws.com; us-east-1 for a name without one."""
    if url is None:
        return None
    labels = (urlsplit(url).hostname or "").split(".")
    return next((label for label in labels if label.count("-") >= 2), "us-east-1")  # noqa: PLR2004 - a region has two dashes
