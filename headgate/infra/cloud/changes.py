"""Change sets: what a template would do to a stack, and doing it."""

import json
from typing import Any

from headgate.infra.cloud.stacks import TEMPLATE_BODY_BYTES, Change, Stack
from headgate.infra.cloud.waiting import Clock, wait_for
from headgate.infra.errors import InfraError
from headgate.infra.template.intrinsics import Json

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
