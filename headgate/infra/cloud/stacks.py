"""CloudFormation: one stack, changed only by change sets that a person can read first."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from headgate.infra.cloud.waiting import Clock, wait_for
from headgate.infra.errors import InfraError
from headgate.infra.template.intrinsics import Json

TEMPLATE_BODY_BYTES = 51_200
"""Source: CloudFormation API, CreateChangeSet TemplateBody."""

_BROKEN_FIRST = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}
_DONE_WELL = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
Say = Callable[[str], None]


class Stack:
    """One stack by name."""

    def __init__(self, client: Any, name: str, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self.name = name

    def describe(self) -> Json | None:
        """Answer what CloudFormation knows of the stack, or None when there is none."""
        try:
            stacks = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        found: Json = stacks[0]
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def status(self) -> str | None:
        """Answer the stack's status, or None when there is no stack."""
        found = self.describe()
        return None if found is None else str(found["StackStatus"])

    def outputs(self) -> dict[str, str]:
        """Answer the stack's outputs."""
        found = self.describe() or {}
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def template(self) -> Json | None:
        """Answer the template that is deployed, or None when there is no stack."""
        if self.status() in {None, "REVIEW_IN_PROGRESS"}:
            return None
        body = self._client.get_template(StackName=self.name)["TemplateBody"]
        found: Json = json.loads(body) if isinstance(body, str) else body
        return found

    def clear_broken_start(self, say: Say) -> None:
        """Remove what a failed first deploy left: such a stack can only be deleted, and holds nothing."""
        status = self.status()
        if status in _BROKEN_FIRST:
            say(f"{self.name}: the first deploy had failed ({status}); removing what is left of it")
            self.delete()
        elif status is not None and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            raise InfraError(f"the stack {self.name} is busy ({status}); run this again when it is done")

    def delete(self) -> None:
        """Delete the stack and wait; what has a retain policy stays."""
        self._client.delete_stack(StackName=self.name)
        status = wait_for(f"deleting {self.name}", self._deleted, self._clock)
        if status != "DELETE_COMPLETE":
            raise InfraError(f"the stack {self.name} could not be deleted: {self.failure()}")

    def failure(self) -> str:
        """Answer the first reason for a failure that the stack's events give."""
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        for event in reversed(events):
            reason = str(event.get("ResourceStatusReason", ""))
            if str(event["ResourceStatus"]).endswith("FAILED") and "cancelled" not in reason:
                return f"{event['LogicalResourceId']}: {reason}"
        return f"no reason given ({self.status()})"

    def settle(self, say: Say) -> None:
        """Wait until the stack stops changing. Raises InfraError with the reason when that ended badly."""
        seen: set[str] = set()

        def done() -> str | None:
            self._tell_events(seen, say)
            status = str(self.status())
            return None if status.endswith("_IN_PROGRESS") else status

        status = wait_for(f"the stack {self.name}", done, self._clock)
        if status not in _DONE_WELL:
            raise InfraError(f"the stack {self.name} ended as {status}: {self.failure()}")

    def _tell_events(self, seen: set[str], say: Say) -> None:
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        for event in reversed(events):
            if event["EventId"] not in seen:
                seen.add(event["EventId"])
                if not str(event["ResourceStatus"]).endswith("IN_PROGRESS"):
                    say(f"  {event['ResourceStatus']:<20} {event['LogicalResourceId']}")

    def _deleted(self) -> str | None:
        status = self.status()
        if status is None:
            return "DELETE_COMPLETE"
        return None if status == "DELETE_IN_PROGRESS" else status


class Change(NamedTuple):
    """One line of a change set: what happens to which resource; a replacement is a new resource."""

    action: str
    logical_id: str
    kind: str
    replacement: bool
