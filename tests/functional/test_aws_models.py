"""botocore's models as clients.py reads them: nothing else than botocore's own reading gives."""

import json
from typing import Any

import pytest
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

from chalicelib.clients import _Files, _Models

SERVICES = ("firehose", "kinesis", "s3")


@pytest.fixture(scope="module")
def ours() -> Any:
    return _Models(file_loader=_Files())


@pytest.fixture(scope="module")
def theirs() -> Any:
    return Loader()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2"])
def test_a_model_is_the_same_in_the_same_order(ours: Any, theirs: Any, service: str, kind: str) -> None:
    try:
        expected = theirs.load_service_model(service, kind)
    except UnknownServiceError:
        with pytest.raises(DataNotFoundError):
            ours.load_service_model(service, kind)
    else:
        assert json.dumps(ours.load_service_model(service, kind)) == json.dumps(expected)


@pytest.mark.parametrize("name", ["endpoints", "partitions", "_retry", "sdk-default-configuration"])
def test_what_all_services_share_is_the_same(ours: Any, theirs: Any, name: str) -> None:
    assert json.dumps(ours.load_data(name)) == json.dumps(theirs.load_data(name))


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_used_here_is_one_that_botocore_has(ours: Any, theirs: Any, service: str) -> None:
    assert service in theirs.list_available_services("service-2")
    assert service in ours.list_available_services("service-2")


def test_a_service_not_used_here_is_refused_as_botocore_refuses_an_unknown_one(ours: Any) -> None:
    with pytest.raises(UnknownServiceError):
        ours.load_service_model("sqs", "service-2")
