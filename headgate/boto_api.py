"""boto3's clients behind chalicelib's adapters: a person's profile, and the tests' services in one process.

The functions themselves call AWS by chalicelib's own client. Called by the readers that write.
"""

from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.refusals import failure_of
from chalicelib.retry import Failure


class BotoApi:
    """A boto3 client as chalicelib.clients.Api."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any] | Failure:
        """One call, with as many attempts as the client makes."""
        try:
            answer: Mapping[str, Any] = getattr(self._client, xform_name(operation))(**request)
        except ClientError as error:
            return failure_of(str(error.response.get("Error", {}).get("Code", "Unknown")))
        except BotoCoreError as error:
            return failure_of(type(error).__name__)
        return answer
