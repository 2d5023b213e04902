"""Makes boto3 clients, and turns what stops every command into one sentence.

The region comes from `AWS_DEFAULT_REGION`, as for Chalice, or from the AWS profile.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from headgate.aws_errors import sentence
from headgate.infra.errors import InfraError


class Place(NamedTuple):
    """Where the credentials lead."""

    account: str
    region: str


class Clients:
    """One client of each service, made when first asked for."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._made: dict[str, Any] = {}

    def __getitem__(self, service: str) -> Any:
        if service not in self._made:
            # These calls are few and follow a person's command: botocore's own retries are right for them.
            config = Config(
                retries={"mode": "standard", "total_max_attempts": 5},
            )
            self._made[service] = self._session.client(service, config=config)
        return self._made[service]

    def place(self) -> Place:
        """Return account and region. Raises InfraError without either."""
        region = self._session.region_name
        if not region:
            raise InfraError(sentence(NoRegionError()))
        return Place(str(self["sts"].get_caller_identity()["Account"]), str(region))


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn every error of boto3 into an InfraError that says what to do."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise InfraError(sentence(error)) from error


def clients() -> Clients:
    """Make clients from the environment's profile, region and endpoint."""
    return Clients(boto3.Session())
