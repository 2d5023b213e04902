"""Small fakes of the AWS clients that the deploying commands call: they answer from data and record calls."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from headgate.infra.deploy.context import Context
from headgate.infra.deploy.session import Clients, Place
from headgate.settings import StageSettings, parse_settings


class StillClock:
    """Time that only pauses move."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def now_s(self) -> float:
        return self._now_s

    def pause(self, seconds: float) -> None:
        self._now_s += seconds


def refused(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class FakePages:
    """A paginator of one page."""

    def __init__(self, page: dict[str, Any]) -> None:
        self._page = page

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [self._page]


class FakeLambda:
    """Functions by name with their tags, and mappings."""

    def __init__(self, functions: dict[str, dict[str, str]], mappings: list[dict[str, Any]]) -> None:
        self.functions = functions
        self.mappings = mappings
        self.updated: list[dict[str, Any]] = []
        self.states: list[str] = []
        self.refusals: list[ClientError] = []
        self.deleted: list[str] = []

    def get_function(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803  boto3's name
        if FunctionName not in self.functions:
            raise refused("ResourceNotFoundException")
        return {"Tags": self.functions[FunctionName]}

    def get_paginator(self, _: str) -> FakePages:
        return FakePages({"EventSourceMappings": self.mappings})

    def get_event_source_mapping(self, UUID: str) -> dict[str, Any]:  # noqa: N803  boto3's name
        (found,) = [each for each in self.mappings if each["UUID"] == UUID]
        state = self.states.pop(0) if self.states else found.get("State", "Enabled")
        return {**found, "State": state}

    def update_event_source_mapping(self, **call: Any) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.updated.append(call)
        for each in self.mappings:
            if each["UUID"] == call["UUID"]:
                each.update(call)

    def delete_event_source_mapping(self, UUID: str) -> None:  # noqa: N803  boto3's name
        self.deleted.append(UUID)


class FakeStacks:
    """CloudFormation with one stack; `script` holds the statuses it goes through, the last one for ever."""

    def __init__(self, *script: str, changes: int = 1, reason: str = "", template: Any = None) -> None:
        self.script = list(script)
        self.changes = changes
        self.reason = reason
        self.template = template
        self.calls: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803  boto3's name
        status = self.script[0] if self.script else None
        if status is None:
            raise refused("ValidationError", f"Stack with id {StackName} does not exist")
        return {
            "Stacks": [{"StackStatus": status, "Outputs": [{"OutputKey": "StreamName", "OutputValue": "s"}]}]
        }

    def create_change_set(self, **call: Any) -> None:
        self.calls.append(f"create {call['ChangeSetType']}")
        assert call["ImportExistingResources"]
        if not self.script:
            self.script = ["REVIEW_IN_PROGRESS"]

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        if self.reason or not self.changes:
            return {
                "Status": "FAILED",
                "StatusReason": self.reason or "The submitted information didn't contain changes.",
            }
        change = {"Action": "Add", "LogicalResourceId": "Stream", "ResourceType": "T", "Replacement": "True"}
        return {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": change}] * self.changes}

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("drop")

    def execute_change_set(self, **_: Any) -> None:
        self.calls.append("execute")
        self.script = ["CREATE_COMPLETE"] if self.script == ["REVIEW_IN_PROGRESS"] else self.script[1:]

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete")
        self.script = []

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        events = [
            {"EventId": "2", "LogicalResourceId": "Bucket", "ResourceStatus": "CREATE_FAILED",
             "ResourceStatusReason": "Resource creation cancelled"},
            {"EventId": "1", "LogicalResourceId": "Stream", "ResourceStatus": "CREATE_FAILED",
             "ResourceStatusReason": "the limit of shards is reached"},
        ]  # fmt: skip
        return {"StackEvents": events}

    def get_template(self, **_: Any) -> dict[str, Any]:
        return {"TemplateBody": self.template or {"Resources": {}}}


CREATED = datetime(2026, 11, 1, 12, tzinfo=UTC)


class FakeKinesis:
    """One stream that is active."""

    def __init__(self, strategy: str = "USER_PARTITION_KEY") -> None:
        self.strategy = strategy

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        summary = {"StreamCreationTimestamp": CREATED, "RecordDistributionStrategy": self.strategy}
        return {"StreamDescriptionSummary": summary}


class FakeFirehose:
    """The archive's delivery stream; it began to read at `start`."""

    def __init__(self, start: datetime = CREATED) -> None:
        self.start = start

    def describe_delivery_stream(self, **_: Any) -> dict[str, Any]:
        source = {"KinesisStreamSourceDescription": {"DeliveryStartTimestamp": self.start}}
        return {"DeliveryStreamDescription": {"Source": source}}


class FakeClients(Clients):
    """Clients by service; a service that is not given is not there."""

    def __init__(self, **services: Any) -> None:
        self._made = {"kinesis": FakeKinesis(), "firehose": FakeFirehose()} | services

    def __getitem__(self, service: str) -> Any:
        return self._made["lambda_" if service == "lambda" else service]

    def place(self) -> Place:
        return Place("123456789012", "eu-west-1")


def context(
    clients: Clients, root: Path, *, settings: StageSettings | None = None, dry_run: bool = False
) -> tuple[Context, list[str]]:
    """Make a context whose words are kept."""
    said: list[str] = []
    stage = settings or parse_settings("prod", {})
    return Context(root, stage, clients, StillClock(), said.append, dry_run), said
