"""A small sample of `python -m tests.faults.fuzz_agent` in every test run."""

import pytest

from tests.faults.fuzz_agent import TARGETS, run


@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_make_a_converter_raise_and_every_line_is_accounted_for(target: str) -> None:
    run(target, inputs=400, seed=20261129)
    assert target in TARGETS
