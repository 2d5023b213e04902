"""`infra deploy`: makes or updates the data plane's stack, by a change set that is shown first."""

from datetime import UTC, datetime, timedelta

from headgate.infra.deploy.context import Context
from headgate.infra.deploy.replacing import format_change, impossible
from headgate.infra.deploy.stacks import Change, ChangeSet, Stack
from headgate.infra.errors import InfraError
from headgate.infra.generated import stale
from headgate.infra.template.intrinsics import Json, tag_map
from headgate.infra.template.template import data_plane, rendered
from headgate.settings import in_place, load_config

ROLE_TRIES = 3
ROLE_PAUSE_S = 30.0
_YOUNG_ROLE = "assume"
"""In the reason of a failure: IAM takes seconds until Firehose can assume a role that was just made."""
_OLDER_BY = timedelta(minutes=5)


def deploy(context: Context, *, force: bool = False) -> int:
    """Deploy the data plane and tell its outputs. Raises InfraError; running it again repairs."""
    _require_rendered(context)
    place = context.clients.place()
    context.require_chalice_managed()
    # Names are written out, because a kept bucket or stream is only imported by a literal name.
    template = data_plane(in_place(context.settings, place.account, place.region))
    _require_possible(context, template, force=force)
    if context.dry_run:
        return _shown_only(context, template)
    _make(context, template)
    _tell(context, context.stack())
    return 0


def _require_possible(context: Context, template: Json, *, force: bool) -> None:
    deployed = context.stack().template()
    if deployed is None:
        return
    place = context.clients.place()
    if found := impossible(deployed, template, place.account, place.region):
        raise InfraError("; ".join(found))
    if (change := format_change(deployed, template)) and not force:
        raise InfraError(
            f"curated.format goes from {change[0]} to {change[1]}: the table {context.names.database}."
            f"{context.names.table} will read {change[1]} only, so queries through it fail for the objects "
            "that curated/ already holds (raw-data/ is not touched). Move these objects out of curated/ and "
            "write them anew with `replay --source raw`, or add --force if they need not be read"
        )


def _shown_only(context: Context, template: Json) -> int:
    change_set = ChangeSet(context.clients["cloudformation"], context.stack(), context.clock)
    changes = change_set.create(template, tag_map(context.settings))
    if changes is None:
        context.say("nothing to change")
        return 0
    _show(context, changes)
    change_set.drop()
    context.say(f"dry run: {len(changes)} change{'' if len(changes) == 1 else 's'}, none made")
    return 0


def _make(context: Context, template: Json) -> None:
    for left in reversed(range(ROLE_TRIES)):
        try:
            _make_once(context, template)
        except InfraError as error:
            if not left or _YOUNG_ROLE not in str(error):
                raise
            context.say(f"{error}\nthe role is too new for Firehose: trying again in {ROLE_PAUSE_S:.0f} s")
            context.clock.pause(ROLE_PAUSE_S)
        else:
            return


def _make_once(context: Context, template: Json) -> None:
    stack = context.stack()
    stack.clear_broken_start(context.say)
    change_set = ChangeSet(context.clients["cloudformation"], stack, context.clock)
    changes = change_set.create(template, tag_map(context.settings))
    if changes is None:
        context.say("nothing to change")
        return
    _show(context, changes)
    change_set.execute()
    stack.settle(context.say)


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
    _tell_archive(context)
    stage = context.settings.stage
    steps = ("headgate infra package", "chalice deploy", "headgate infra tune")
    context.say("next: " + "; ".join(f"{step} --stage {stage}" for step in steps))


def _tell_archive(context: Context) -> None:
    """Say from when on raw-data/ holds the stream: a delivery stream begins with what arrives after it.

    Source: Firehose API, KinesisStreamSourceDescription DeliveryStartTimestamp.
    """
    names, stage = context.names, context.settings.stage
    raw = context.clients["firehose"].describe_delivery_stream(DeliveryStreamName=names.raw)
    source = raw["DeliveryStreamDescription"].get("Source", {}).get("KinesisStreamSourceDescription", {})
    start = source.get("DeliveryStartTimestamp")
    if start is None:
        return
    context.say(f"raw-data/ holds what arrived in the stream from {_utc(start)} on")
    stream = context.clients["kinesis"].describe_stream_summary(StreamName=names.stream)
    created = stream["StreamDescriptionSummary"]["StreamCreationTimestamp"]
    if created < start - _OLDER_BY:
        span = f"--from {_utc(created)} --to {_utc(start)}"
        context.say(
            f"the stream is older ({_utc(created)}): if producers wrote to it before, send again what it "
            f"still holds with `headgate replay --stage {stage} --source stream {span}`"
        )


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
