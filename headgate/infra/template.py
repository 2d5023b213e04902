"""Puts the template together.

`data_plane` stands alone (way 1); `merge_template` goes over Chalice's SAM (way 2). Both are pure functions
of a stage's settings, and both hold the same resources.
"""

from headgate.infra.alarms import alarms
from headgate.infra.api import chalice_stage, gateway_account, usage_plan
from headgate.infra.bucket import bucket
from headgate.infra.dashboard import dashboard
from headgate.infra.delivery import delivery_streams
from headgate.infra.direct import direct
from headgate.infra.glue import glue
from headgate.infra.intrinsics import Json, ref
from headgate.infra.logs import log_groups
from headgate.infra.outputs import outputs
from headgate.infra.overlay import overlay
from headgate.infra.roles import delivery_roles
from headgate.infra.stream import stream
from headgate.settings import StageSettings

VERSION = "2010-09-09"
DESCRIPTION = "Headgate: events in by HTTP, files in S3. Stage "


def data_plane(settings: StageSettings) -> Json:
    """Make the stack of everything that Chalice does not know.

    Chalice's API does not exist yet when this is deployed: `infra tune` adds its stage to the usage plan.
    """
    return {
        "AWSTemplateFormatVersion": VERSION,
        "Description": DESCRIPTION + settings.stage,
        "Resources": _resources(settings) | usage_plan(settings, _direct_stage(settings)),
        "Outputs": outputs(settings),
    }


def merge_template(settings: StageSettings) -> Json:
    """Make `.chalice/resources.json`: the same resources, and what completes Chalice's own."""
    stages = [chalice_stage(), *_direct_stage(settings)]
    return {
        "Description": DESCRIPTION + settings.stage,
        "Resources": _resources(settings) | usage_plan(settings, stages) | overlay(settings),
        "Outputs": outputs(settings),
    }


def _direct_stage(settings: StageSettings) -> list[Json]:
    return [{"ApiId": ref("DirectAPI"), "Stage": ref("DirectStage")}] if settings.direct else []


def _resources(settings: StageSettings) -> dict[str, Json]:
    return (
        stream(settings)
        | bucket(settings)
        | log_groups(settings)
        | delivery_roles(settings)
        | delivery_streams(settings)
        | glue(settings)
        | gateway_account(settings)
        | direct(settings)
        | alarms(settings)
        | dashboard(settings)
    )
