"""Settings: one frozen value, every mistake in one message, and files that follow from it."""

import re
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import botocore.session
import pytest

from headgate.infra.generated import stale
from headgate.infra.template.template import rendered
from headgate.settings import SettingsError, environment, load_config, load_settings, names_of, parse_settings

ROOT = Path(__file__).parents[2]
MOST_FILES_OF_A_SETTING = 13


def problems(block: dict[str, Any], stage: str = "prod") -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse_settings(stage, block)
    return caught.value.problems


def test_a_stage_without_a_word_is_closed_and_dev_is_open() -> None:
    assert parse_settings("prod", {}).auth == "api_key"
    assert parse_settings("dev", {}).auth == "none"
    assert parse_settings("dev", {"auth": "iam"}).auth == "iam"


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(FrozenInstanceError):
        parse_settings("prod", {}).shards = 2  # type: ignore[misc]  # the point of the test


def test_every_mistake_is_reported_in_one_message() -> None:
    found = problems(
        {"shard": 2, "retention_hours": "48", "mapping": {"retries": 11}, "raw": {"size_mb": True}}
    )
    assert found == (
        "unknown setting 'shard'; did you mean 'shards'?",
        'retention_hours must be a whole number, not "48"',
        "mapping.retries must be 0 to 10, not 11",
        "raw.size_mb must be a whole number, not true",
    )


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        (
            {"raw": {"compressoin": "gzip"}},
            "unknown setting 'raw.compressoin'; did you mean 'raw.compression'?",
        ),
        ({"raw": 5}, "raw must be an object"),
        ({"curated": {"format": "csv"}}, 'curated.format must be one of ndjson, parquet, orc, not "csv"'),
        ({"curated": {"format": "orc", "size_mb": 5}}, "curated.size_mb must be 64 or more for orc"),
        (
            {"curated": {"format": "orc", "compression": "gzip"}},
            "curated.compression for orc must be one of snappy, none",
        ),
        ({"retention_hours": 23}, "retention_hours must be 24 to 8,760, not 23"),
        (
            {"retention_hours": 24, "mapping": {"max_age_s": 43_201}},
            "mapping.max_age_s must be at most half the retention, 43200, not 43201",
        ),
        ({"time_zone": "Asia/Soul"}, 'time_zone "Asia/Soul" is not in the IANA time zone database'),
        ({"cors_origins": "https://a.b"}, 'cors_origins must be a list, not "https://a.b"'),
        ({"cors_origins": ["https://a.b/path"]}, "cors_origins[0] must be an origin such as"),
        ({"cors_origins": ["https://user@a.b"]}, "cors_origins[0] must be an origin such as"),
        ({"cors_origins": ["https://a.b:0"]}, "cors_origins[0] must be an origin such as"),
        ({"cors_origins": ["https://a.b:65536"]}, "cors_origins[0] must be an origin such as"),
        ({"cors_origins": ["https://a..b"]}, "cors_origins[0] must be an origin such as"),
        ({"cors_origins": ["https://[::g]"]}, "cors_origins[0] must be an origin such as"),
        ({"cors_origins": ["https://*.a.b"]}, "cors_origins[0] must be an origin such as"),
        ({"cors_origins": ["null"]}, "cors_origins[0] must be an origin such as"),
        ({"cors_origins": ["*", "https://a.b"]}, "cors_origins must be `*` alone or a list of origins"),
        (
            {"ordering_field": "/id", "mapping": {"parallelization": 2}},
            "ordering_field needs mapping.parallelization 1",
        ),
        ({"raw": {"compression": "snappy"}}, 'raw.compression "snappy" is refused: neither Athena'),
        ({"raw": {"compression": "zip"}}, 'raw.compression "zip" is refused: Athena cannot read it'),
        ({"raw": {"compression": "brotli"}}, "raw.compression must be one of gzip, none"),
        ({"curated": {"compression": "zip"}}, 'curated.compression "zip" is refused: Athena cannot'),
        ({"curated": {"compression": "snappy"}}, "curated.compression for ndjson must be one of gzip, none"),
        ({"ordering_field": "device"}, "ordering_field must be a JSON Pointer such as /device/id"),
        ({"tags": {"aws:x": "1"}}, "a key of tags must be a tag's key"),
        ({"tags": {"team": 1}}, "tags.team must be a tag's value, not 1"),
        ({"direct": "yes"}, 'direct must be true or false, not "yes"'),
        ({"log_retention_days": 8}, "log_retention_days must be one of 1, 3, 5, 7"),
        ({"names": {"stream": "a b"}}, "names.stream must be a name of 1 to 64"),
        (
            {"lifecycle": {"raw_expire_days": 30, "raw_infrequent_access_days": 30}},
            "lifecycle.raw_expire_days must be more than lifecycle.raw_infrequent_access_days",
        ),
        ({"alarm_email": "nobody"}, 'alarm_email must be an e-mail address, not "nobody"'),
        ({"pack_bytes": -1}, "pack_bytes must be 0 to 1,000,000, not -1"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(block: dict[str, Any], sentence: str) -> None:
    assert [each for each in problems(block) if each.startswith(sentence)], problems(block)


@pytest.mark.parametrize("stage", ["", "Prod", "a_b", "-a", "x" * 21, "a.b", "prod/../x"])
def test_a_stage_that_cannot_be_part_of_a_bucket_name_is_refused(stage: str) -> None:
    assert "lower-case letters" in problems({}, stage)[0]


def test_the_longest_stage_still_makes_a_bucket_name_that_s3_takes() -> None:
    name = names_of(parse_settings("x" * 20, {})).bucket.format(account="1" * 12, region="ap-southeast-1")
    assert len(name) <= 63


def test_a_long_wrong_value_is_shortened_in_the_message() -> None:
    assert len(problems({"auth": "x" * 10_000})[0]) < 200


def test_a_mistyped_stage_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(SettingsError, match="unknown stage 'prdo'; did you mean 'prod'"):
        load_settings(ROOT, "prdo")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"stages": {"prod": {"headgate": {}, "headgate": {}}}}', "'headgate' stands twice"),
        ('{"stages": {"prod": {"headgate": []}}}', "headgate must be an object"),
        ('{"stages": {"prod": {"headgate": null}}}', "headgate must be an object"),
        ('{"stages": {"prod": {"environment_variables": []}}}', "environment_variables must be an object"),
        ("[]", "has no object `stages`"),
        ('{"stages": {"prod": 3}}', "must be an object"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text(text)
    with pytest.raises(SettingsError, match=sentence):
        load_settings(tmp_path, "prod")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not there: run this in a Headgate project"):
        load_settings(tmp_path, "prod")


def test_the_environment_is_text_and_says_what_the_settings_say() -> None:
    values = environment(
        parse_settings(
            "prod", {"cors_origins": ["https://a.b", "https://c.d"], "ordering_field": "/id", "pack_bytes": 0}
        )
    )
    assert values["HEADGATE_CORS_ORIGINS"] == "https://a.b,https://c.d"
    assert (values["HEADGATE_ORDERING_FIELD"], values["HEADGATE_PACK_BYTES"]) == ("/id", "0")
    assert values["HEADGATE_BUCKET"] == "headgate-prod-{account}-{region}"
    assert all(isinstance(value, str) for value in values.values())


@pytest.mark.parametrize("stage", sorted(load_config(ROOT)["stages"]))
def test_the_files_under_chalice_follow_from_the_settings(stage: str) -> None:
    """I12. Mend it with `headgate infra render --stage <stage>`."""
    wanted = rendered(load_settings(ROOT, stage), load_config(ROOT))
    kept = {path: text for path, text in wanted.items() if stage == "prod" or "resources" not in path}
    assert stale(ROOT, kept) == []


def test_a_setting_passes_few_files_on_its_way_to_the_template_and_the_environment() -> None:
    """Each file more is a place where a newcomer has to look for what became of a setting."""
    everything = parse_settings("prod", {"direct": True, "curated": {"format": "parquet"}})
    passed: set[str] = set()
    before = sys.getprofile()
    sys.setprofile(lambda frame, _event, _argument: passed.add(frame.f_code.co_filename))
    try:
        config = load_config(ROOT)
        load_settings(ROOT, "prod")
        rendered(everything, config)
    finally:
        sys.setprofile(before)
    ours = [path for path in passed if Path(path).is_relative_to(ROOT / "headgate")]
    assert len(ours) <= MOST_FILES_OF_A_SETTING, sorted(ours)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://App.Example.com", "https://app.example.com"),
        ("https://b.example.com:443", "https://b.example.com"),
        ("http://b.example.com:80", "http://b.example.com"),
        ("HTTPS://b.example.com:8443", "https://b.example.com:8443"),
        ("http://b.example.com:443", "http://b.example.com:443"),
        ("http://localhost:03000", "http://localhost:3000"),
        ("http://[0:0::1]:3000", "http://[::1]:3000"),
        ("*", "*"),
    ],
)
def test_an_origin_is_compared_in_the_form_in_which_browsers_send_it(written: str, sent: str) -> None:
    """Source: WHATWG URL, host parsing and the default ports of special schemes."""
    assert parse_settings("prod", {"cors_origins": [written]}).cors_origins == (sent,)


def test_every_time_zone_that_is_taken_fits_firehoses_own_model() -> None:
    """The names that Firehose's model or Java refuse would fail at the deploy, after the stream was made."""
    (shape,) = [
        each
        for each in _model("firehose").shape_for("ExtendedS3DestinationConfiguration").members.items()
        if each[0] == "CustomTimeZone"
    ]
    pattern, most = shape[1].metadata["pattern"], shape[1].metadata["max"]
    taken, refused = set(), set()
    for name in available_timezones() | {
        "localtime",
        "right/UTC",
        "posix/UTC",
        "Factory",
        "posixrules",
        "Etc",
    }:
        try:
            parse_settings("prod", {"time_zone": name})
            taken.add(name)
        except SettingsError:
            refused.add(name)
    assert all(re.fullmatch(pattern, name) and len(name) <= most for name in taken)
    assert {"UTC", "Asia/Seoul", "America/Argentina/Buenos_Aires", "Etc/UTC"} <= taken
    assert {"America/Port-au-Prince", "Etc/GMT+9", "EST5EDT", "localtime", "right/UTC", "Factory"} <= refused


def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)
