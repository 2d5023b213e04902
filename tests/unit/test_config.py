"""The environment is read once, and every mistake in it is named in one message (G12)."""

from pathlib import Path

import pytest

from chalicelib import config
from chalicelib.errors import Fatal

GOOD = {
    "HEADGATE_STAGE": "dev",
    "HEADGATE_STREAM": "headgate-dev",
    "HEADGATE_DELIVERY_STREAM": "headgate-dev-curated",
    "HEADGATE_BUCKET": "headgate-dev-{account}-{region}",
    "HEADGATE_AUTH": "none",
    "HEADGATE_PACK_BYTES": "25600",
    "HEADGATE_UNKNOWN_TYPES": "accept",
    "HEADGATE_BATCH_SIZE": "500",
    "HEADGATE_BATCH_WINDOW_S": "5",
}


def mistakes(environ: dict[str, str]) -> str:
    with pytest.raises(Fatal) as caught:
        config.parse(environ)
    return caught.value.message


def test_a_whole_environment_becomes_settings() -> None:
    optional = {
        "HEADGATE_CORS_ORIGINS": "https://a.test,https://b.test",
        "HEADGATE_ORDERING_FIELD": "/user/id",
        "_HANDLER": "app.app",
    }
    found = config.parse({**GOOD, **optional, "HEADGATE_UNKNOWN_TYPES": "reject"})
    assert (found.stage, found.stream, found.pack_bytes, found.batch_size) == (
        "dev",
        "headgate-dev",
        25600,
        500,
    )
    assert found.cors_origins == {"https://a.test", "https://b.test"}
    assert (found.ordering_field, found.only_known_types, found.handler) == ("/user/id", True, "app.app")


def test_what_is_optional_is_off() -> None:
    found = config.parse({**GOOD, "HEADGATE_CORS_ORIGINS": "", "HEADGATE_ORDERING_FIELD": ""})
    assert (found.cors_origins, found.ordering_field, found.only_known_types) == (frozenset(), None, False)


@pytest.mark.parametrize(
    ("given", "as_text"), [({}, False), ("ndjson", False), ("parquet", True), ("orc", True)]
)
def test_the_columnar_formats_hold_the_event_as_text(given: str | dict[str, str], as_text: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    environ = {"HEADGATE_CURATED_FORMAT": given} if isinstance(given, str) else given
    assert config.parse({**GOOD, **environ}).event_as_text is as_text


@pytest.mark.parametrize("name", GOOD)
def test_g12_a_missing_or_empty_variable_is_named(name: str) -> None:
    for environ in ({**GOOD, name: ""}, {key: value for key, value in GOOD.items() if key != name}):
        message = mistakes(environ)
        assert f"{name} is missing" in message
        assert message.count("HEADGATE_") == 1


def test_g12_every_missing_variable_is_named_in_one_message() -> None:
    message = mistakes({})
    assert all(f"{name} is missing" in message for name in GOOD)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEADGATE_AUTH", "open"),
        ("HEADGATE_UNKNOWN_TYPES", "Accept"),
        ("HEADGATE_PACK_BYTES", "-1"),
        ("HEADGATE_PACK_BYTES", "1024001"),
        ("HEADGATE_PACK_BYTES", "25 KB"),
        ("HEADGATE_PACK_BYTES", "²"),
        ("HEADGATE_BATCH_SIZE", "0"),
        ("HEADGATE_BATCH_SIZE", "10001"),
        ("HEADGATE_BATCH_WINDOW_S", "301"),
        ("HEADGATE_BATCH_WINDOW_S", "1.5"),
    ],
)
def test_g12_a_wrong_value_is_named_with_what_is_right(name: str, value: str) -> None:
    message = mistakes({**GOOD, name: value, "HEADGATE_STAGE": ""})
    assert f"{name} is not" in message
    assert "HEADGATE_STAGE is missing" in message


def test_the_schema_files_of_a_folder_are_named_by_their_slug(tmp_path: Path) -> None:
    (tmp_path / "tip-3.json").write_text('{"title": "가"}', "utf-8")
    (tmp_path / "notes.txt").write_text("no")
    assert config.schema_texts(tmp_path) == {"tip-3": '{"title": "가"}'}
