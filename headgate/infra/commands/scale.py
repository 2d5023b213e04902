"""`infra scale --shards N`: reshards the stream, in steps that AWS allows."""

from botocore.exceptions import ClientError

from headgate.aws_errors import error_code
from headgate.infra.deploy.context import Context
from headgate.infra.deploy.waiting import wait_for
from headgate.infra.errors import InfraError
from headgate.infra.template.intrinsics import Json

EVERY_S = 5.0
STEPS_A_DAY = 10
"""A stream may be scaled this often in any 24 hours. Source: Kinesis API reference, UpdateShardCount."""


def steps(now: int, wanted: int) -> list[int]:
    """Return the shard counts on the way: a step at most doubles and at least halves.

    Source: Kinesis API reference, UpdateShardCount.
    """
    made = []
    while now != wanted:
        now = min(now * 2, wanted) if wanted > now else max(-(-now // 2), wanted)
        made.append(now)
    return made


def scale(context: Context, shards: int) -> int:
    """Reshard and wait; nothing is lost. Return 1 if steps are left for another day. Raises InfraError."""
    context.clients.place()
    found = _summary(context)
    if found.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND":
        raise InfraError(f"the stream {context.names.stream} is on-demand: it scales by itself")
    way = steps(int(found["OpenShardCount"]), shards)
    shown = " -> ".join(str(each) for each in [found["OpenShardCount"], *way])
    context.say(f"{context.names.stream}: {shown} shards")
    today, later = way[:STEPS_A_DAY], way[STEPS_A_DAY:]
    if later:
        context.say(
            f"These are {len(way)} steps, and AWS allows {STEPS_A_DAY} in 24 hours: this run ends at "
            f"{today[-1]} shards. Run the command again 24 hours later."
        )
    if context.dry_run:
        return 0
    for count in today:
        _update(context, count)
        wait_for(f"{count} shards", lambda: _active(context), context.clock, every_s=EVERY_S)
        context.say(f"  {count} shards, active")
    if later:
        return 1
    if context.settings.shards != shards:
        context.say(f"set the stage's shards to {shards}, or the next `infra deploy` takes it back")
    return 0


def _update(context: Context, count: int) -> None:
    try:
        context.clients["kinesis"].update_shard_count(
            StreamName=context.names.stream, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
        )
    except ClientError as error:
        if error_code(error) != "LimitExceededException":
            raise
        raise InfraError(
            f"AWS refuses the step to {count} shards: the stream was scaled {STEPS_A_DAY} times in the last "
            "24 hours, or the account's quota of shards is reached. Run the command later, or raise the "
            "quota."
        ) from error


def _active(context: Context) -> Json | None:
    found = _summary(context)
    return found if found["StreamStatus"] == "ACTIVE" else None


def _summary(context: Context) -> Json:
    try:
        response = context.clients["kinesis"].describe_stream_summary(StreamName=context.names.stream)
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        raise InfraError(f"there is no stream {context.names.stream}: run `infra deploy` first") from error
    found: Json = response["StreamDescriptionSummary"]
    return found
