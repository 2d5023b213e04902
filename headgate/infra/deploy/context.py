"""What every deploying command is given, and what Chalice wrote down about its own deploy.

Chalice keeps `.chalice/deployed/<stage>.json`: it is the only link to the API's id.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from headgate.infra.deploy.mappings import SAM_TAG, function_tags
from headgate.infra.deploy.session import Clients
from headgate.infra.deploy.stacks import Stack
from headgate.infra.deploy.waiting import Clock
from headgate.infra.errors import InfraError
from headgate.settings import Names, StageSettings, names_of


class Context(NamedTuple):
    """One run of one command."""

    root: Path
    settings: StageSettings
    clients: Clients
    clock: Clock
    say: Callable[[str], None]
    dry_run: bool

    @property
    def names(self) -> Names:
        """The stage's names."""
        return names_of(self.settings)

    def stack(self) -> Stack:
        """The data plane's stack of a Chalice-managed stage."""
        return Stack(self.clients["cloudformation"], self.names.data_stack, self.clock)

    def require_chalice_managed(self) -> None:
        """Refuse a stage that was made as one stack. Raises InfraError.

        Two owners of one resource would undo each other's work.
        """
        for name in (self.names.ingest_function, self.names.transform_function):
            if SAM_TAG in (function_tags(self.clients["lambda"], name) or {}):
                raise InfraError(
                    f"the stage {self.settings.stage} was deployed as one CloudFormation stack; change it by "
                    "`chalice package` and `aws cloudformation deploy`, which need no tuning"
                )

    def require_data_plane(self) -> None:
        """Refuse to go on without the data plane. Raises InfraError."""
        if self.stack().template() is None:
            stage = self.settings.stage
            raise InfraError(f"the stage {stage} has no stream yet: run `infra deploy --stage {stage}` first")


class Deployed(NamedTuple):
    """Ids that Chalice wrote down; `mapping_uuid` is None when it made no mapping."""

    api_id: str
    mapping_uuid: str | None


def deployed_path(root: Path, stage: str) -> Path:
    """Return where Chalice keeps a stage's state."""
    return root / ".chalice" / "deployed" / f"{stage}.json"


def deployed(root: Path, stage: str) -> Deployed:
    """Read the state. Raises InfraError that says how to go on without it."""
    path = deployed_path(root, stage)
    if not path.exists():
        raise InfraError(
            f"{path} is not there: run `chalice deploy --stage {stage}` first. If the stage was deployed "
            "from another machine, copy that file here; without it Chalice would make a second API"
        )
    try:
        resources = json.loads(path.read_text(encoding="utf-8"))["resources"]
        by_kind = {each["resource_type"]: each for each in resources}
        uuid = by_kind.get("kinesis_event", {}).get("event_uuid")
        return Deployed(str(by_kind["rest_api"]["rest_api_id"]), uuid)
    except (ValueError, KeyError, TypeError) as error:
        raise InfraError(
            f"{path} is damaged ({error!r}): restore it, or delete it and deploy anew"
        ) from error
