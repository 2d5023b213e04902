"""CloudFormation: one stack, changed only by change sets that a person can read first."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from headgate.infra.deploy.waiting import Clock, wait_for
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
        """Return what CloudFormation knows of the stack, or None when there is none."""
        try:
            stacks = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        found: Json = stacks[0]
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def status(self) -> str | None:
        """Return the stack's status, or None when there is no stack."""
        found = self.describe()
        return None if found is None else str(found["StackStatus"])

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs."""
        found = self.describe() or {}
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def template(self) -> Json | None:
        """Return the template that is deployed, or None when there is no stack, or only a failed start."""
        if self.status() in {None, "REVIEW_IN_PROGRESS", *_BROKEN_FIRST}:
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
        """Return the first reason for a failure that the stack's events give."""
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


NAME = "headgate"
_NOTHING = ("didn't contain changes", "No updates are to be performed")


class ChangeSet:
    """The change set of one stack; there is at most one at a time."""

    def __init__(self, client: Any, stack: Stack, clock: Clock) -> None:
        self._client = client
        self._stack = stack
        self._clock = clock
        self._where = {"StackName": stack.name, "ChangeSetName": NAME}

    def create(self, template: Json, tags: dict[str, str]) -> list[Change] | None:
        """Ask what `template` would change; None when nothing would. Raises InfraError."""
        body = json.dumps(template, separators=(",", ":"))
        size_bytes = len(body.encode())
        if size_bytes > TEMPLATE_BODY_BYTES:
            raise InfraError(f"the template has {size_bytes} bytes; a call takes {TEMPLATE_BODY_BYTES}")
        new = self._stack.status() in {None, "REVIEW_IN_PROGRESS"}
        self.drop()
        self._client.create_change_set(
            **self._where,
            ChangeSetType="CREATE" if new else "UPDATE",
            TemplateBody=body,
            Capabilities=["CAPABILITY_IAM"],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            # A stream or bucket that an earlier stack left behind is taken over instead of refused.
            ImportExistingResources=True,
        )
        found = wait_for("the change set", self._made, self._clock)
        if found["Status"] == "FAILED":
            reason = str(found.get("StatusReason", ""))
            self.drop()
            if any(each in reason for each in _NOTHING):
                return None
            raise InfraError(f"CloudFormation refuses the template: {reason}")
        return self._changes()

    def execute(self) -> None:
        """Start the change."""
        self._client.execute_change_set(**self._where)

    def drop(self) -> None:
        """Forget the change set; a stack that was only to be reviewed goes with it."""
        status = self._stack.status()
        if status is None:
            return
        self._client.delete_change_set(**self._where)
        if status == "REVIEW_IN_PROGRESS":
            self._stack.delete()

    def _made(self) -> Json | None:
        found: Json = self._client.describe_change_set(**self._where)
        return found if found["Status"] in {"CREATE_COMPLETE", "FAILED"} else None

    def _changes(self) -> list[Change]:
        changes: list[Change] = []
        more: dict[str, str] = {}
        while True:
            page = self._client.describe_change_set(**self._where, **more)
            changes += [_change(each["ResourceChange"]) for each in page["Changes"]]
            if not page.get("NextToken"):
                return changes
            more = {"NextToken": page["NextToken"]}


def _change(body: Json) -> Change:
    replaced = str(body.get("Replacement", "False")) == "True"
    return Change(body["Action"], body["LogicalResourceId"], body["ResourceType"], replaced)
