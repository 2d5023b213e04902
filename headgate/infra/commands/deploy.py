"""`infra deploy`: makes or updates the data plane's stack, by a change set that is shown first."""

from headgate.infra.deploy.context import Context
from headgate.infra.deploy.stacks import Change, ChangeSet, Stack
from headgate.infra.errors import InfraError
from headgate.infra.generated import stale
from headgate.infra.template.intrinsics import tag_map
from headgate.infra.template.template import data_plane, rendered
from headgate.settings import load_config


def deploy(context: Context) -> int:
    """Deploy the data plane and tell its outputs. Raises InfraError; running it again repairs."""
    _require_rendered(context)
    place = context.clients.place()
    context.require_chalice_managed()
    context.say(f"{context.names.data_stack} in account {place.account}, {place.region}")
    stack = context.stack()
    if not context.dry_run:
        stack.clear_broken_start(context.say)
    change_set = ChangeSet(context.clients["cloudformation"], stack, context.clock)
    changes = change_set.create(data_plane(context.settings), tag_map(context.settings))
    if changes is None:
        context.say("nothing to change")
    elif context.dry_run:
        _show(context, changes)
        change_set.drop()
        context.say(f"dry run: {len(changes)} changes, none made")
        return 0
    else:
        _show(context, changes)
        change_set.execute()
        stack.settle(context.say)
    _tell(context, stack)
    return 0


def _require_rendered(context: Context) -> None:
    files = rendered(context.settings, load_config(context.root))
    behind = [path for path in stale(context.root, files) if "resources" not in path]
    if behind:
        stage = context.settings.stage
        raise InfraError(f"{', '.join(behind)} is behind the settings: run `infra render --stage {stage}`")


def _show(context: Context, changes: list[Change]) -> None:
    for each in changes:
        note = " (REPLACED: a new one is made)" if each.replacement else ""
        context.say(f"  {each.action:<8} {each.logical_id:<24} {each.kind}{note}")


def _tell(context: Context, stack: Stack) -> None:
    for name, value in sorted(stack.outputs().items()):
        context.say(f"{name}: {value}")
    stage = context.settings.stage
    steps = ("python -m headgate infra package", "chalice deploy", "python -m headgate infra tune")
    context.say("next: " + "; ".join(f"{step} --stage {stage}" for step in steps))
