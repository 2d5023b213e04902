"""Are a control request's members what the API's model says? Types and required members only.

Decides by botocore's own model of Firehose, so that nothing is written down twice. Never sees a put: put.py
checks those, faster. Called by service.py.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from headgate.local.wire import AwsError


def check_shape(operation: str, request: Mapping[str, Any]) -> None:
    """Raise AwsError(ValidationException) for a missing, unknown or mistyped member."""
    shape = _model().operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise AwsError("ValidationException", report.generate_report())


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("firehose", "service-2"))
