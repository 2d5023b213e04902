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
_DEFAULT_REGION = "us-east-1"
_DOMAINS = (
    *(".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn", ".amazonaws.eu"),
    *(".api.amazonwebservices.eu", ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov"),
)


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
    url = _url(endpoint)
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
        return _session(boto3, aws, region).client(
            service, endpoint_url=url, region_name=region, config=config
        )
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


@lru_cache(maxsize=4)
def _session(boto3: Any, aws: Aws, region: str | None) -> Any:
    """One session for the clients of a region: each would load botocore's tables again, 5 MB of them."""
    keys: dict[str, str] = {}
    if aws.access_key_id and aws.secret_access_key:
        keys = {"aws_access_key_id": aws.access_key_id, "aws_secret_access_key": aws.secret_access_key}
    session = boto3.Session(**keys)
    if aws.role_arn is None:
        return session
    return _assumed(boto3, session, aws, session.region_name or region)


def _assumed(boto3: Any, session: Any, aws: Aws, region: str | None) -> Any:
    """A session whose credentials come from STS, asked in `region`, and are renewed before they expire."""
    from botocore.credentials import RefreshableCredentials  # noqa: PLC0415 - optional: an HTTP destination runs on a bare Python
    from botocore.session import get_session  # noqa: PLC0415 - optional: an HTTP destination runs on a bare Python

    url = _url(aws.sts_endpoint)
    named = _region_of(url) if url and is_aws(url) else None
    sts = session.client("sts", endpoint_url=url, region_name=named or region or _DEFAULT_REGION)
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


def is_aws(endpoint: str) -> bool:
    """Whether the URL of an endpoint is one of AWS. Source: DNS suffixes of botocore's endpoints.json."""
    return (urlsplit(endpoint).hostname or "").endswith(_DOMAINS)


def _url(endpoint: str | None) -> str | None:
    return endpoint if endpoint is None or "://" in endpoint else f"https://{endpoint}"


def _region_of(url: str | None) -> str | None:
    """The region in a host name such as kinesis.eu-west-1.amazonaws.com; us-east-1 for a name without one."""
    if url is None:
        return None
    labels = (urlsplit(url).hostname or "").split(".")
    return next((label for label in labels if label.count("-") >= 2), _DEFAULT_REGION)  # noqa: PLR2004 - a region has two dashes
