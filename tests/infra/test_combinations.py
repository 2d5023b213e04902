"""Every combination of settings that the docs name makes a template that our own rules pass.

The gate itself looks at them with all its tools: `python -m tools.gate --all`.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from headgate.infra.template.functions import mapping
from headgate.infra.template.template import data_plane, merge_template
from headgate.local.plan import local_plan
from headgate.settings import StageSettings
from tools.gate.combinations import combinations
from tools.gate.rules import broken

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden-prod.json").read_text("utf-8"))
COMBINATIONS = combinations()


@pytest.mark.parametrize("settings", COMBINATIONS.values(), ids=COMBINATIONS.keys())
def test_a_combination_breaks_no_rule(settings: StageSettings) -> None:
    template = copy.deepcopy(GOLDEN)
    template["Resources"] |= data_plane(settings)["Resources"]
    template["Resources"]["TransformTransformKinesisEventSource"]["Properties"] |= mapping(settings)
    assert broken(template) == []


@pytest.mark.parametrize("settings", COMBINATIONS.values(), ids=COMBINATIONS.keys())
def test_a_combination_can_be_planned_for_the_local_run(settings: StageSettings) -> None:
    plan = local_plan(settings, "123456789012", "ap-northeast-2")
    assert plan.stream["Name"] == plan.environment["HEADGATE_STREAM"]
    assert plan.deliveries[1]["DeliveryStreamName"] == plan.environment["HEADGATE_DELIVERY_STREAM"]
    assert plan.bucket == plan.environment["HEADGATE_BUCKET"].format(
        account="123456789012", region="ap-northeast-2"
    )


def test_the_same_settings_make_the_same_template() -> None:
    for settings in COMBINATIONS.values():
        assert json.dumps(merge_template(settings)) == json.dumps(merge_template(settings))
