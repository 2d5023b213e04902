"""One local run for all tests that only post and read: each start costs seconds."""

from collections.abc import Iterator

import pytest

from tests.e2e.local_rig import Local, running


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """A run that is up, without buffering."""
    with running(tmp_path_factory.mktemp("local"), buffer_s=0) as (_, local):
        yield local
