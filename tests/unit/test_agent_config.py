"""agent.json: dialect, defaults, ranges, and mistakes that are all told at once."""

import json
from typing import Any

import pytest

from headgate.agent.config.dialect import DialectError, parse_object
from headgate.agent.config.load import Loaded, load
from headgate.agent.convert.build import build_chain
from tests.agent_rig import AROUND, flow_of


def loaded(settings: dict[str, Any] | str, extra: dict[str, str] | None = None, **options: Any) -> Loaded:
    return load(
        settings if isinstance(settings, str) else json.dumps(settings),
        extra or {},
        cores=2,
        check_options=lambda found: build_chain(found, AROUND),
        read_secret=lambda path: f"secret of {path}\n",
        **options,
    )


FLOW = {"filePattern": "/var/log/a.log", "kinesisStream": "s"}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1} trailing text',
        '// first\n{"a": /* inside */ 1}',
        '{"a": 2, "a": 1}',
        '\ufeff{"a": 1}',
        '{"a": 1 // to the end\n}',
    ],
)
def test_comments_repeated_keys_and_text_behind_the_object_are_accepted(text: str) -> None:
    assert parse_object(text) == {"a": 1}


@pytest.mark.parametrize(
    "text", ["", "[]", "{'a': 1}", '{"a": 1,}', '{"a": NaN}', '{"a": 1 /* no end }', "[" * 9999]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(DialectError):
        parse_object(text)


def test_a_comment_mark_inside_a_string_is_text() -> None:
    assert parse_object(r'{"a": "http://x/*y*/", "b": "\"//"}') == {"a": "http://x/*y*/", "b": '"//'}


def test_the_defaults_are_the_original_s() -> None:
    settings = loaded({"flows": [FLOW]}).settings
    assert settings is not None
    flow = settings.flows[0]
    assert (flow.max_age_s, flow.max_records, flow.max_bytes) == (60.0, 500, 5_242_880)
    assert (flow.poll_s, flow.refresh_s, flow.retry_base_s, flow.retry_cap_s) == (0.1, 10.0, 0.1, 10.0)
    assert (flow.from_start, flow.deterministic_keys, flow.terminator, flow.queue_batches) == (
        False,
        False,
        b"\n",
        100,
    )
    assert (settings.shutdown_s, settings.metrics_namespace, settings.sending_threads) == (
        10.0,
        "AWSKinesisAgent",
        24,
    )
    assert settings.checkpoint_ttl_s == 7 * 86_400


@pytest.mark.parametrize(
    ("setting", "fine"),
    [
        ({"maxBufferAgeMillis": 1000}, True),
        ({"maxBufferAgeMillis": 900_000}, True),
        ({"maxBufferAgeMillis": 999}, False),
        ({"maxBufferAgeMillis": 900_001}, False),
        ({"maxBufferAgeMillis": "0x3e8"}, True),
        ({"maxBufferSizeRecords": 0}, False),
        ({"maxBufferSizeRecords": 501}, False),
        ({"maxBufferSizeBytes": 5_242_881}, False),
        ({"maxBufferSizeBytes": None}, False),
        ({"partitionKeyOption": "random"}, False),
        ({"partitionKeyOption": None}, True),
        ({"initialPosition": "START_OF_FILE"}, True),
        ({"truncatedRecordTerminator": None}, False),
        ({"truncatedRecordTerminator": "x" * 1_048_576}, False),
        ({"multiLineStartPattern": ""}, True),
        ({"multiLineStartPattern": "["}, False),
        ({"waitOnFullPublishQueueMillis": 999}, False),
        ({"filePattern": "/var/log/"}, False),
        ({"filePattern": "a.log"}, False),
        ({"filePattern": "/var/log/[a"}, False),
        ({"kinesisStream": ""}, False),
        ({"dataProcessingOptions": None}, False),
        ({"dataProcessingOptions": [1]}, False),
        ({"dataProcessingOptions": [{"optionName": "BRACKETS"}]}, False),
        ({"packBytes": 25_600}, True),
        ({"packBytes": -1}, False),
    ],
)
def test_a_flow_key_is_accepted_or_refused(setting: dict[str, Any], fine: bool) -> None:  # noqa: FBT001 - one call, by position
    assert (loaded({"flows": [FLOW | setting]}).settings is not None) == fine


def test_firehose_has_its_own_limits_and_wins_over_a_stream() -> None:
    flow = flow_of(
        filePattern="/a/b", deliveryStream="d", kinesisStream="k", aggregatedRecordSizeBytes=1_024_000
    )
    assert (flow.id, flow.max_bytes, flow.aggregated_bytes) == ("fh:d:/a/b", 4_194_304, 1_024_000)


def test_an_http_flow_reads_its_key_from_a_file() -> None:
    flow = {"filePattern": "/a/b", "httpEndpoint": "https://x/v1", "httpApiKeyFile": "/etc/key"}
    settings = loaded({"flows": [flow]}).settings
    assert settings is not None
    assert settings.flows[0].http is not None
    assert settings.flows[0].http.api_key == "secret of /etc/key"
    assert "secret" not in repr(settings)


def test_every_mistake_is_told_at_once_and_a_good_flow_still_runs() -> None:
    bad = {"filePattern": "x", "maxBufferAgeMillis": "abc", "maxBufferSizeRecords": 0}
    found = loaded({"flows": [bad, FLOW]})
    assert len(found.problems) == 4
    assert found.settings is not None
    assert [flow.destination for flow in found.settings.flows] == ["s"]


def test_two_flows_with_one_id_are_both_refused() -> None:
    found = loaded({"flows": [FLOW, FLOW]})
    assert found.settings is None
    assert "same id" in found.problems[0]


@pytest.mark.parametrize(
    "settings", ["{}", '{"flows": []}', '{"flows": {}}', "", '{"flows": [], "maxConnections": null}']
)
def test_a_configuration_without_a_usable_flow_is_refused(settings: str) -> None:
    found = loaded(settings)
    assert found.settings is None
    assert found.problems


def test_unknown_keys_and_options_that_are_no_array_are_warned_about() -> None:
    flow = FLOW | {"pollPeriodMillis": 5, "dataProcessingOptions": {"optionName": "LOGTOJSON"}}
    found = loaded({"log.level": "INFO", "flows": [flow]})
    assert found.settings is not None
    assert [warning.split()[0] for warning in found.warnings] == [
        "log.level",
        "flows[0].dataProcessingOptions",
        "flows[0].pollPeriodMillis",
    ]


def test_flows_of_agent_d_come_behind_and_a_broken_file_is_only_a_warning() -> None:
    extra = {"one": json.dumps({"flows": [FLOW | {"kinesisStream": "t"}], "maxConnections": "?"}), "two": "{"}
    found = loaded({"flows": [FLOW]}, extra)
    assert found.settings is not None
    assert [flow.destination for flow in found.settings.flows] == ["s", "t"]
    assert any(warning.startswith("two is ignored") for warning in found.warnings)


def test_a_checkpoint_file_of_the_original_is_left_alone() -> None:
    settings = loaded({"checkpointFile": "/x/checkpoints", "flows": [FLOW]}).settings
    assert settings is not None
    assert (settings.state_dir, settings.import_checkpoints) == ("/x/checkpoints.headgate", "/x/checkpoints")
