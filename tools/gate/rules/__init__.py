"""Our own rules over an expanded template: what cfn-lint and checkov do not know, or not for CloudFormation.

A rule is a function from a template to findings, one sentence each; an empty list is a pass. Each has a
test that breaks the template and sees the rule fail.
"""

from collections.abc import Callable

from headgate.infra.template.intrinsics import Json
from tools.gate.rules import access, flow, shape, storage, watch

Rule = Callable[[Json], list[str]]

RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        storage.the_stream_is_encrypted,
        storage.partition_keys_are_kept,
        storage.deliveries_are_encrypted_and_logged,
        storage.errors_lie_outside_the_data,
        storage.prefixes_use_the_calendar_year,
        storage.the_bucket_is_closed,
        storage.the_bucket_takes_tls_only,
        storage.the_bucket_cleans_up,
        storage.data_outlives_the_stack,
        access.no_action_is_open,
        access.no_resource_is_open,
        access.services_are_held_to_this_account,
        flow.the_mapping_is_bounded,
        flow.the_mapping_reports_and_keeps_failures,
        flow.records_outlive_the_mapping,
        flow.functions_wait_for_their_resources,
        flow.each_api_has_one_stage,
        flow.stages_are_throttled_and_logged,
        flow.access_logs_hold_no_payload,
        flow.bodies_reach_functions_as_bytes,
        flow.gateway_errors_have_our_shape,
        watch.alarms_watch_metrics_that_exist,
        watch.alarms_watch_resources_that_exist,
        watch.alarms_tell_somebody,
        watch.every_promise_has_an_alarm,
        watch.logs_do_not_grow_for_ever,
        shape.nothing_is_hard_coded,
        shape.everything_is_tagged,
        shape.outputs_are_described,
    )
}


def broken(template: Json) -> list[str]:
    """Return every finding of every rule."""
    return [f"{name}: {finding}" for name, rule in RULES.items() for finding in rule(template)]
