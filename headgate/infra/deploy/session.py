"""Makes boto3 clients, and turns what stops every command into one sentence.

The region comes from `AWS_DEFAULT_REGION`, as for Chalice, or from the AWS profile.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from headgate.aws_errors import sentence
from headgate.contract.url import shown_url
from headgate.infra.errors import InfraError


class Place(NamedTuple):
    """Where the credentials lead."""

    account: str
    region: str


class Clients:
    """One client of each service, made when first asked for.

    A pasted AWS_ENDPOINT_URL of the local run would turn a deploy into a success of which no AWS account
    knows: an endpoint on this machine is refused unless `local` says that it is meant.
    """

    def __init__(self, session: Any, *, local: bool = False) -> None:
        self._session = session
        self._local = local
        self._made: dict[str, Any] = {}

    def __getitem__(self, service: str) -> Any:
        if service not in self._made:
            # These calls are few and follow a person's command: botocore's own retries are right for them.
            config = Config(
                retries={"mode": "standard", "total_max_attempts": 5},
            )
            made = self._session.client(service, config=config)
            if not self._local and is_this_machine(made.meta.endpoint_url):
                made.close()
                raise InfraError(
                    f"the endpoint {shown_url(made.meta.endpoint_url)} is on this machine and not at AWS: "
                    "unset AWS_ENDPOINT_URL, or add --local if you mean the local run or an emulator"
                )
            self._made[service] = made
        return self._made[service]

    def endpoint(self, service: str) -> str:
        """Return the URL that calls of a service go to. Raises InfraError."""
        return str(self[service].meta.endpoint_url)

    def place(self) -> Place:
        """Return account and region. Raises InfraError without either."""
        region = self._session.region_name
        if not region:
            raise InfraError(sentence(NoRegionError()))
        return Place(str(self["sts"].get_caller_identity()["Account"]), str(region))


def is_this_machine(url: str) -> bool:
    """Return whether a URL leads to this machine: localhost, a loopback address, or the unspecified one."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn every error of boto3 into an InfraError that says what to do."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise InfraError(sentence(error)) from error


def clients(*, local: bool) -> Clients:
    """Make clients from the environment's profile, region and endpoint."""
    return Clients(boto3.Session(), local=local)
