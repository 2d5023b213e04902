"""Every call goes where botocore sends it: each region of each partition, and what the environment says."""

from itertools import product
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, EndpointVariantError

from chalicelib import awsoptions
from chalicelib.endpoints import bucket_endpoint, endpoint
from chalicelib.errors import Fatal

PARTITIONS = botocore.session.get_session().get_component("data_loader").load_data("partitions")["partitions"]
REGIONS = sorted({region for each in PARTITIONS for region in each["regions"]})
# Regions that are still to come, by each partition's own pattern, and names that fit none.
COMING = [
    "us-future-7",
    "cn-west-9",
    "eusc-de-west-2",
    "us-iso-north-1",
    "us-isob-north-2",
    "eu-isoe-south-3",
]
COMING += ["us-isof-east-4", "us-gov-north-5", "xx-new-9", "moon1"]
SERVICES = {
    "kinesis": ("put_records", {"StreamName": "s", "Records": []}),
    "firehose": ("put_record_batch", {"DeliveryStreamName": "d", "Records": []}),
}
BUCKETS = ["lake-1", "lake.with.dots", "UPPER", "under_score"]


class SeenError(Exception):
    """Stops a call when its URL is known."""


@pytest.fixture(scope="module")
def session() -> Any:
    made = botocore.session.Session()
    made.set_credentials("a", "b")
    return made


def of_botocore(session: Any, service: str, region: str, config: Config, **request: Any) -> str | None:
    """The URL of a call; None when botocore refuses to make one."""
    try:
        client = session.create_client(service, region_name=region, config=config)
    except EndpointVariantError:  # its old table has no dual-stack domain for a partition, its rules have
        return None
    seen: list[str] = []

    def look(request: Any, **_: Any) -> None:
        seen.append(request.url)
        raise SeenError

    client.meta.events.register("before-send", look)
    operation = SERVICES[service][0] if service in SERVICES else "put_object"
    try:
        getattr(client, operation)(**request)
    except SeenError:
        return seen[0]
    except BotoCoreError:
        return None
    finally:
        client.close()
    raise AssertionError


def options(region: str, **environ: str) -> awsoptions.AwsOptions:
    return awsoptions.parse({"AWS_DEFAULT_REGION": region, **environ})


def ours(service: str, bucket: str, options: awsoptions.AwsOptions) -> str | None:
    try:
        if service == "s3":
            return f"{bucket_endpoint(bucket, options)}/key"
        return f"{endpoint(service, options)}/"
    except Fatal:
        return None


@pytest.mark.parametrize(("fips", "dual"), list(product([False, True], repeat=2)))
@pytest.mark.parametrize("service", SERVICES)
def test_a_stream_is_called_where_botocore_calls_it(
    session: Any, service: str, *, fips: bool, dual: bool
) -> None:
    config = Config(use_fips_endpoint=fips, use_dualstack_endpoint=dual, parameter_validation=False)
    request: Any = SERVICES[service][1]
    called = 0
    for region in [*REGIONS, *COMING]:
        environ = {"AWS_USE_FIPS_ENDPOINT": str(fips), "AWS_USE_DUALSTACK_ENDPOINT": str(dual)}
        theirs = of_botocore(session, service, region, config, **request)
        assert theirs in {None, ours(service, "", options(region, **environ))}, region
        called += theirs is not None
    assert called > 35


@pytest.mark.parametrize(("fips", "dual"), list(product([False, True], repeat=2)))
def test_a_bucket_is_called_where_botocore_calls_it(session: Any, *, fips: bool, dual: bool) -> None:
    config = Config(use_fips_endpoint=fips, use_dualstack_endpoint=dual, parameter_validation=False)
    called = 0
    for region in (each for each in [*REGIONS, *COMING] if not each.endswith("-global")):
        environ = {"AWS_USE_FIPS_ENDPOINT": str(fips), "AWS_USE_DUALSTACK_ENDPOINT": str(dual)}
        for bucket in BUCKETS if region in {"us-east-1", "eu-west-1"} else BUCKETS[:1]:
            theirs = of_botocore(session, "s3", region, config, Bucket=bucket, Key="key", Body=b"")
            assert theirs in {None, ours("s3", bucket, options(region, **environ))}, (region, bucket)
            called += theirs is not None
    assert called > 35


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        {"AWS_ENDPOINT_URL": "http://localhost:4566/", "AWS_ENDPOINT_URL_FIREHOSE": "https://vpce.example"},
        {"AWS_ENDPOINT_URL_KINESIS": "https://vpce-1.kinesis.example", "AWS_ENDPOINT_URL": ""},
        {"AWS_ENDPOINT_URL_S3": "https://s3.example:8443", "AWS_USE_FIPS_ENDPOINT": "false"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_USE_DUALSTACK_ENDPOINT": "TRUE"},
        {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "regional"},
    ],
)
@pytest.mark.parametrize("service", ["kinesis", "firehose", "s3"])
def test_the_environment_is_read_as_botocore_reads_it(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], service: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    session = botocore.session.Session()
    session.set_credentials("a", "b")
    request: Any = (
        SERVICES[service][1] if service in SERVICES else {"Bucket": "lake", "Key": "key", "Body": b""}
    )
    config = Config(parameter_validation=False)
    theirs = of_botocore(session, service, "us-east-1", config, **request)
    found = ours(service, "lake", options("us-east-1", **environ))
    assert (found and urlsplit(found).geturl().replace("4566//", "4566/")) == theirs
