"""What the environment says about calls to AWS, by the variables that every SDK of AWS reads. Pure.

Decides nothing about credentials beyond whether the environment has some. Called by aws.py.

Source: AWS SDKs and Tools Reference Guide, "Environment variables"; botocore for the order where two say the
same (REQUESTS_CA_BUNDLE after AWS_CA_BUNDLE, AWS_DEFAULT_REGION before AWS_REGION).
"""

from collections.abc import Mapping
from dataclasses import dataclass

_CONTAINER = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
SERVICES = ("firehose", "kinesis", "s3")


@dataclass(frozen=True, slots=True)
class AwsOptions:
    """How calls to AWS are made."""

    region: str  # "" when nothing names one
    fips: bool
    dual_stack: bool
    s3_regional: bool  # us-east-1's own endpoint of S3 in place of the global one
    endpoint_urls: Mapping[str, str]  # service to a URL in the place of AWS's
    ca_bundle: str  # path of a PEM file, "" for the system's
    has_keys: bool
    has_container: bool  # an address that gives credentials: containers, and Lambda with SnapStart
    has_proxy: bool


def parse(environ: Mapping[str, str]) -> AwsOptions:
    """The options in an environment."""
    return AwsOptions(
        region=environ.get("AWS_DEFAULT_REGION") or environ.get("AWS_REGION", ""),
        fips=_is_true(environ, "AWS_USE_FIPS_ENDPOINT"),
        dual_stack=_is_true(environ, "AWS_USE_DUALSTACK_ENDPOINT"),
        s3_regional=environ.get("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "").lower() == "regional",
        endpoint_urls=_endpoint_urls(environ),
        ca_bundle=environ.get("AWS_CA_BUNDLE") or environ.get("REQUESTS_CA_BUNDLE", ""),
        has_keys=bool(environ.get("AWS_ACCESS_KEY_ID")),
        has_container=any(environ.get(name) for name in _CONTAINER),
        has_proxy=any(name.lower().endswith("_proxy") for name in environ),
    )


def _is_true(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").lower() == "true"


def _endpoint_urls(environ: Mapping[str, str]) -> Mapping[str, str]:
    if _is_true(environ, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        return {}
    of_all = environ.get("AWS_ENDPOINT_URL", "")
    found = {service: environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or of_all for service in SERVICES}
    return {service: url for service, url in found.items() if url}
