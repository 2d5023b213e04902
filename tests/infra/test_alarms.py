"""Each alarm can fire: its metric is one that the code, a log line or a service really sends."""

import json
from typing import Any

import pytest

from chalicelib.ports import count_failures
from chalicelib.retry import Failure
from chalicelib.telemetry import Counters
from headgate.infra.template.alarms import alarms, listed, metric_filters
from headgate.infra.template.api import ACCESS_LOG_FORMAT
from headgate.infra.template.template import data_plane
from headgate.settings import StageSettings, parse_settings
from tests.fakes import FakeCounter

PROD = parse_settings("prod", {})


def alarm(name: str, settings: StageSettings = PROD) -> dict[str, Any]:
    found: dict[str, Any] = alarms(settings)[f"{name}Alarm"]["Properties"]
    return found


def text(name: str, settings: StageSettings = PROD) -> str:
    return str(alarm(name, settings)["AlarmDescription"])


@pytest.mark.parametrize("function", ["ingest", "transform"])
def test_k09_a_fault_of_the_functions_is_the_metric_that_its_alarm_watches(function: str) -> None:
    lines: list[bytes] = []
    counters = Counters("prod", function, "request-1", lines.append)
    count_failures(
        counters, "EventsNotStored", [Failure("Misconfigured", passing=False, cause="AccessDenied")]
    )
    counters.emit()
    sent = json.loads(lines[0])
    (directive,) = sent["_aws"]["CloudWatchMetrics"]
    watched = alarm(f"{function.title()}Faults")
    assert watched["Namespace"] == directive["Namespace"]
    assert watched["MetricName"] in {each["Name"] for each in directive["Metrics"]}
    assert directive["Dimensions"] == [[each["Name"] for each in watched["Dimensions"]]]
    assert {each["Name"]: each["Value"] for each in watched["Dimensions"]}.items() <= sent.items()
    assert sent["Faults"] > watched["Threshold"]


@pytest.mark.parametrize("code", ["Throttled", "Unavailable", "NotAttempted"])
def test_what_passes_by_itself_is_no_fault(code: str) -> None:
    counter = FakeCounter()
    count_failures(counter, "DeliveriesFailed", [Failure(code, passing=True)])
    assert counter.totals["DeliveriesFailed"] == 1
    assert "Faults" not in counter.totals


@pytest.mark.parametrize(
    ("status", "error", "counts"),
    [
        ("503", "INTEGRATION_FAILURE", True),
        ("503", "-", False),
        ("429", "THROTTLED", False),
        ("200", "-", False),
    ],
)
def test_g05_the_gateways_own_5xx_are_counted_in_the_access_log(
    *, status: str, error: str, counts: bool
) -> None:
    """The filter's two conditions, evaluated as CloudWatch Logs does: text with `*` as a wildcard."""
    line = json.loads(ACCESS_LOG_FORMAT) | {"status": status, "error": error}
    made = metric_filters(PROD)["GatewayErrorsFilter"]["Properties"]
    assert made["FilterPattern"] == '{ ($.status = "5*") && ($.error != "-") }'
    assert (line["status"].startswith("5") and line["error"] != "-") is counts
    (counted,) = made["MetricTransformations"]
    watched = alarm("GatewayErrors")
    assert (watched["Namespace"], watched["MetricName"]) == (
        counted["MetricNamespace"],
        counted["MetricName"],
    )


@pytest.mark.parametrize("name", ["ArchiveStopped", "TransformStopped"])
@pytest.mark.parametrize(
    ("came", "done", "fires"),
    [(5, None, True), (5, 0, True), (5, 1, False), (None, None, False), (0, 0, False)],
)
def test_t13_records_that_nobody_reads_fire_though_the_reader_sends_no_metric(
    *, name: str, came: int | None, done: int | None, fires: bool
) -> None:
    watched = alarm(name)
    expression, *inputs = watched["Metrics"]
    assert expression["Expression"] == "IF((FILL(came, 0) > 0) AND (FILL(done, 0) == 0), 1, 0)"
    assert [each["Id"] for each in inputs] == ["came", "done"]
    assert [each["ReturnData"] for each in watched["Metrics"]] == [True, False, False]
    value = 1 if (came or 0) > 0 and (done or 0) == 0 else 0
    assert (value > watched["Threshold"]) is fires


def test_the_way_from_the_stream_to_the_archive_is_watched_in_the_stream_not_only_from_firehose_on() -> None:
    watched = alarm("ArchiveBehind")
    assert watched["MetricName"] == "KinesisMillisBehindLatest"
    assert 60_000 < watched["Threshold"] < PROD.retention_hours * 3_600_000 / 2


def test_a_lag_keeps_its_state_while_nobody_reads() -> None:
    """Else an alarm on the iterator's age would end at the moment the mapping is disabled."""
    for name in ("IteratorAge", "ArchiveBehind", "RawFreshness", "CuratedFreshness"):
        assert alarm(name)["TreatMissingData"] == "ignore"
    assert alarm("TransformErrors")["TreatMissingData"] == "notBreaching"


def test_nobody_is_told_to_scale_a_stream_that_scales_by_itself() -> None:
    on_demand = parse_settings("prod", {"on_demand": True})
    for each in listed(PROD):
        assert "infra scale" not in text(each.name, on_demand)
    assert "infra scale" in text("WriteThrottled")


@pytest.mark.parametrize(
    ("partition", "domain"),
    [
        ("aws", "console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
    ],
)
def test_o06_the_dashboards_address_is_that_of_the_partition(partition: str, domain: str) -> None:
    template = data_plane(PROD)

    def value(made: Any) -> str:
        if "Fn::If" not in made:
            return str(made["Fn::Sub"])
        condition, yes, no = made["Fn::If"]
        _, wanted = template["Conditions"][condition]["Fn::Equals"]
        return value(yes if wanted == partition else no)

    assert f".{domain}/cloudwatch/" in value(template["Outputs"]["DashboardUrl"]["Value"])
