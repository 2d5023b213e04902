"""What every deploying command is given: the stage, the place, the clients, and a way to speak."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from headgate.infra.cloud.mappings import SAM_TAG, function_tags
from headgate.infra.cloud.session import Clients
from headgate.infra.cloud.stacks import Stack
from headgate.infra.cloud.waiting import Clock
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
        """The data plane's stack of way 1."""
        return Stack(self.clients["cloudformation"], self.names.data_stack, self.clock)

    def require_way_1(self) -> None:
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
