"""I12: what the functions may do is what the code calls, in both ways, and the pages say so."""

import ast
from pathlib import Path

import botocore.session
import pytest

from headgate.infra.template.functions import (
    INGEST_ACTIONS,
    QUARANTINE_ACTIONS,
    TRANSFORM_ACTIONS,
    any_account,
    ingest_statements,
    transform_statements,
)
from headgate.settings import parse_settings
from tools.docs import wanted

ROOT = Path(__file__).parents[2]
ADAPTERS = {
    "KinesisStream": ("kinesis", INGEST_ACTIONS),
    "DeliveryStream": ("firehose", TRANSFORM_ACTIONS),
    "Bucket": ("s3", QUARANTINE_ACTIONS),
}


def called(adapter: str, service: str) -> set[str]:
    """Answer the IAM actions of the operations that a class of chalicelib/aws.py calls."""
    tree = ast.parse((ROOT / "chalicelib" / "aws.py").read_text(encoding="utf-8"))
    body = next(each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == adapter)
    model = botocore.session.get_session().get_service_model(service)
    texts = {str(each.value) for each in ast.walk(body) if isinstance(each, ast.Constant)}
    return {f"{service}:{name}" for name in texts & set(model.operation_names)}


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_a_function_may_do_exactly_what_its_code_calls(adapter: str) -> None:
    service, actions = ADAPTERS[adapter]
    assert called(adapter, service) == set(actions)


def test_a_policy_file_opens_partition_account_and_region_and_nothing_else() -> None:
    settings = parse_settings("prod", {})
    for statement in [
        *ingest_statements(settings, any_account),
        *transform_statements(settings, any_account),
    ]:
        for resource in statement["Resource"]:
            assert isinstance(resource, str)
            assert "headgate-prod" in resource
            assert resource.startswith("arn:*:")


def test_both_ways_give_the_same_actions() -> None:
    settings = parse_settings("prod", {})
    for statements in (ingest_statements, transform_statements):
        exact, open_ = statements(settings), statements(settings, any_account)
        assert [each["Action"] for each in exact] == [each["Action"] for each in open_]


@pytest.mark.parametrize("path", ["docs/settings.md", "docs/resources.md"])
def test_the_generated_pages_are_up_to_date(path: str) -> None:
    """Mend it with `python -m tools.docs`."""
    assert (ROOT / path).read_text(encoding="utf-8") == wanted()[path]
