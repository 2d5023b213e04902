"""Every error that AWS can answer has a kind: wait, wait longer, or call a person (K09).

Reads botocore's models, so that an error which a new botocore adds is noticed here first.
"""

import botocore.session
import pytest

from chalicelib.refusals import failure_of

# What to do about every error that the services' models name for the operations we call.
THROTTLED, MISCONFIGURED, UNAVAILABLE = "Throttled", "Misconfigured", "Unavailable"
KINDS = {
    "ProvisionedThroughputExceededException": THROTTLED,
    "KMSThrottlingException": THROTTLED,
    "LimitExceededException": THROTTLED,
    "AccessDeniedException": MISCONFIGURED,
    "InvalidArgumentException": MISCONFIGURED,
    "InvalidKMSResourceException": MISCONFIGURED,
    "InvalidSourceException": MISCONFIGURED,
    "KMSAccessDeniedException": MISCONFIGURED,
    "KMSDisabledException": MISCONFIGURED,
    "KMSInvalidStateException": MISCONFIGURED,
    "KMSNotFoundException": MISCONFIGURED,
    "KMSOptInRequired": MISCONFIGURED,
    "ResourceNotFoundException": MISCONFIGURED,
    "InternalFailureException": UNAVAILABLE,
    "ServiceUnavailableException": UNAVAILABLE,
    # Only for requests that we never make: a dry run, an append, an archived object, a checksum of one's own.
    "DryRunOperationException": UNAVAILABLE,
    "EncryptionTypeMismatch": UNAVAILABLE,
    "InvalidRequest": UNAVAILABLE,
    "InvalidWriteOffset": UNAVAILABLE,
    "TooManyParts": UNAVAILABLE,
}
# Errors that the models leave out, as every operation has them. Source: common errors of the API references.
COMMON_KINDS = {
    "ThrottlingException": THROTTLED,
    "Throttling": THROTTLED,
    "RequestLimitExceeded": THROTTLED,
    "SlowDown": THROTTLED,
    "AccessDenied": MISCONFIGURED,
    "InvalidClientTokenId": MISCONFIGURED,
    "UnrecognizedClientException": MISCONFIGURED,
    "SignatureDoesNotMatch": MISCONFIGURED,
    "NoSuchBucket": MISCONFIGURED,
    "ValidationException": MISCONFIGURED,
    "InternalFailure": UNAVAILABLE,
    "ServiceUnavailable": UNAVAILABLE,
    "ExpiredTokenException": UNAVAILABLE,
    "RequestExpired": UNAVAILABLE,
    "500": UNAVAILABLE,
    "": UNAVAILABLE,
}
OPERATIONS = {
    "kinesis": ("PutRecords", "DescribeStreamSummary"),
    "firehose": ("PutRecordBatch",),
    "s3": ("PutObject",),
}


def modelled_codes() -> set[str]:
    session = botocore.session.get_session()
    shapes = [
        shape
        for service, operations in OPERATIONS.items()
        for operation in operations
        for shape in session.get_service_model(service).operation_model(operation).error_shapes
    ]
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}


def test_k09_every_error_that_botocore_models_has_a_kind_and_a_new_one_is_noticed() -> None:
    assert modelled_codes() == set(KINDS)


@pytest.mark.parametrize(("code", "kind"), (KINDS | COMMON_KINDS).items())
def test_k09_an_error_code_becomes_its_kind(code: str, kind: str) -> None:
    failure = failure_of(code)
    assert (failure.code, failure.passing, failure.cause) == (kind, kind != MISCONFIGURED, code)
