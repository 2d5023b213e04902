"""A cold start: what stops it, what it makes, and what a fault of ours shows (G11, G12)."""

import json
import sys

import pytest

from chalicelib.errors import Fatal
from tests.app_rig import STAGE, ask, import_app, set_stage

# A stage that was deployed before this variable existed writes NDJSON, which is its default.
OPTIONAL = {"HEADGATE_CURATED_FORMAT"}
REQUIRED = sorted(name for name, value in STAGE.items() if value and name not in OPTIONAL)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    set_stage(monkeypatch)
    return monkeypatch


def test_g12_a_missing_variable_stops_the_init_with_one_message_that_names_it(
    stage: pytest.MonkeyPatch,
) -> None:
    assert len(REQUIRED) >= 9
    for name in REQUIRED:
        with stage.context() as missing:
            missing.delenv(name)
            with pytest.raises(Fatal, match=rf"stage: {name} is missing\.$"):
                import_app()


@pytest.mark.parametrize("handler", ["app.app", "app.transform"])
def test_a_function_makes_its_own_clients_at_init_and_no_others(
    stage: pytest.MonkeyPatch, handler: str
) -> None:
    stage.setenv("_HANDLER", handler)
    made = set(vars(import_app().handlers))
    assert ("_ingest" in made, "_transform" in made) == (handler == "app.app", handler == "app.transform")


def test_a_hook_that_cannot_be_imported_stops_the_transform_and_not_ingest(
    stage: pytest.MonkeyPatch,
) -> None:
    stage.setitem(sys.modules, "chalicelib.hook", None)
    for handler in ("app.transform", ""):  # "" is the local run, where a person is told at the start
        stage.setenv("_HANDLER", handler)
        with pytest.raises(ImportError):
            import_app()
    stage.setenv("_HANDLER", "app.app")
    assert "_ingest" in vars(import_app().handlers)


def test_a_preflight_is_answered_where_the_origin_is_listed(stage: pytest.MonkeyPatch) -> None:
    stage.setenv("HEADGATE_CORS_ORIGINS", "https://www.example.com")
    status, headers, _ = ask(import_app(), "api_gateway_options")
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, "https://www.example.com")


@pytest.mark.usefixtures("stage")
def test_g11_i10_a_fault_of_ours_is_logged_by_its_place_and_shown_as_nothing_but_500(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = import_app()
    assert app.app.debug is False

    def broken(*_: object) -> None:
        raise ValueError("hunter2 in a payload")

    vars(app.handlers)["_ingest"] = broken
    status, headers, body = ask(app, "api_gateway_post")
    assert (status, body["Code"], body["RequestId"]) == (500, "InternalError", headers["X-Request-Id"])
    out = capsys.readouterr().out
    assert "hunter2" not in out + json.dumps(body)
    fault = json.loads(out.splitlines()[0])
    assert (fault["Kind"], fault["Place"].partition(":")[0]) == ("ValueError", "test_app_init.py")
