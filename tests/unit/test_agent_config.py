"""agent.json: dialect, defaults, ranges, and mistakes that are all told at once."""

import json
from typing import Any

import pytest

from headgate.agent.config.load import Loaded, load
from headgate.agent.config.values import DialectError, parse_object
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
    assert settings.flows[0].http.headers == (("X-Api-Key", "secret of /etc/key"),)
    assert "secret" not in repr(settings)


HTTP_FLOW = {"filePattern": "/a/b", "httpEndpoint": "https://x/v1"}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"httpEndpoint": "http://x/v1?dry_run=1"}, "must not have dry_run"),
        ({"httpEndpoint": "http://x/v1?a=b&dry%5Frun"}, "must not have dry_run"),
        ({"httpEndpoint": "http://[::1/v1"}, "is not a URL"),
        ({"httpEndpoint": "http://x:99999/v1"}, "is not a URL: its port"),
        ({"httpEndpoint": "http://x:port/v1"}, "is not a URL"),
        ({"httpEndpoint": "http://a..b/v1"}, "is not a URL"),
        ({"httpEndpoint": "ftp://x/v1"}, "must be an http:// or https:// URL"),
        ({"httpEndpoint": "http://x/v 1"}, "without blanks"),
        ({"httpEndpoint": "http://u:p@x/v1"}, "must not have a user name or a password"),
        ({"httpApiKey": "a\nb"}, "httpApiKey holds characters"),
        ({"httpHeaders": {"X": "한"}}, "the value of X holds characters"),
        ({"httpHeaders": {"X": "a\r\nY: b"}}, "the value of X holds characters"),
        ({"httpHeaders": {"X Y": "a"}}, "a name that no header can have"),
        ({"httpHeaders": {"": "a"}}, "a name that no header can have"),
        *(
            ({"httpHeaders": {name: "1"}}, f"{name} must not be set")
            for name in ("Content-Length", "content-type", "Content-Encoding", "IDEMPOTENCY-KEY", "Host")
        ),
        ({"kinesisStream": "s"}, "two destinations, kinesisStream and httpEndpoint"),
        ({"deliveryStream": "d"}, "two destinations, deliveryStream and httpEndpoint"),
    ],
)
def test_what_an_http_flow_could_never_send_with_is_refused_before_it_starts(
    setting: dict[str, Any], said: str
) -> None:
    found = loaded({"flows": [HTTP_FLOW | setting]})
    assert found.settings is None
    assert said in found.problems[0]


def test_an_api_key_file_with_a_line_break_inside_is_refused_without_showing_it() -> None:
    flow = HTTP_FLOW | {"httpApiKeyFile": "/etc/a\nb"}  # the fake puts the path into the key
    found = loaded({"flows": [flow]})
    assert found.problems == ["flows[0].httpApiKeyFile holds characters that a header cannot hold"]


@pytest.mark.parametrize(
    "url", ["http://[::1]:81/v1", "https://x/v1?dry_run=0", "http://x/한", "http://127.0.0.1:8000/v1?a=b"]
)
def test_a_usable_url_is_taken(url: str) -> None:
    assert loaded({"flows": [HTTP_FLOW | {"httpEndpoint": url}]}).problems == []


@pytest.mark.parametrize(
    "key", ["kinesis.endpoint", "firehose.endpoint", "cloudwatch.endpoint", "sts.endpoint"]
)
@pytest.mark.parametrize(("endpoint", "fine"), [("http://[::1", False), ("x:99999", False), ("x:81", True)])
def test_an_endpoint_of_aws_that_is_no_url_is_refused(key: str, endpoint: str, fine: bool) -> None:  # noqa: FBT001 - one call, by position
    found = loaded({key: endpoint, "flows": [FLOW]})
    assert (found.settings is not None) == fine
    assert all(problem.startswith(key) for problem in found.problems)


def test_a_stream_beside_a_delivery_stream_is_warned_about() -> None:
    found = loaded({"flows": [FLOW | {"deliveryStream": "d"}]})
    assert found.warnings == [
        "flows[0].kinesisStream does nothing beside deliveryStream, as with the original"
    ]


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
