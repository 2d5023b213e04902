"""Where a service answers, for every region and partition: rules, so that no list of regions grows old. Pure.

A test asks botocore about every region that it knows and compares. Called by clients.py.

Source: botocore's partitions.json and the endpoint rule sets of Kinesis, Firehose and S3.
"""

import re

from chalicelib.awsoptions import AwsOptions
from chalicelib.errors import Fatal

# Partition: its regions, its domain, and its domain for IPv6. A region that fits none is taken for aws's.
_PARTITIONS = {
    "aws-cn": (r"cn-\w+-\d+", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    "aws-eusc": (r"eusc-(de)-\w+-\d+", "amazonaws.eu", "api.amazonwebservices.eu"),
    "aws-iso": (r"us-iso-\w+-\d+", "c2s.ic.gov", "api.aws.ic.gov"),
    "aws-iso-b": (r"us-isob-\w+-\d+", "sc2s.sgov.gov", "api.aws.scloud"),
    "aws-iso-e": (r"eu-isoe-\w+-\d+", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    "aws-iso-f": (r"us-isof-\w+-\d+", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    "aws-us-gov": (r"us-gov-\w+-\d+", "amazonaws.com", "api.aws"),
}
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# A bucket that can be the first label of a host under AWS's certificates: without dots.
_HOST_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def endpoint(service: str, options: AwsOptions) -> str:
    """The URL of Kinesis or Firehose. Raises Fatal when no region is named."""
    own = _own(service, options)
    if own:
        return own
    partition, domain, dual_domain = _partition(options.region)
    # GovCloud's ordinary endpoint of Kinesis is its FIPS endpoint.
    plain = partition == "aws-us-gov" and service == "kinesis" and not options.dual_stack
    name = f"{service}-fips" if options.fips and not plain else service
    return f"https://{name}.{options.region}.{dual_domain if options.dual_stack else domain}"


def bucket_endpoint(bucket: str, options: AwsOptions) -> str:
    """The URL under which a bucket's keys are. Raises Fatal when there is none."""
    own = _own("s3", options)
    if own:
        return f"{own.rstrip('/')}/{bucket}"
    partition, domain, _ = _partition(options.region)
    if options.fips and partition == "aws-cn":
        raise Fatal("InternalError", "AWS_USE_FIPS_ENDPOINT is on, and S3 has no such endpoint in China.")
    host = f"{'s3-fips' if options.fips else 's3'}{'.dualstack' if options.dual_stack else ''}"
    is_global = options.region == "us-east-1" and host == "s3" and not options.s3_regional
    host = f"{host}.{domain}" if is_global else f"{host}.{options.region}.{domain}"
    return f"https://{bucket}.{host}" if _HOST_BUCKET.fullmatch(bucket) else f"https://{host}/{bucket}"


def _own(service: str, options: AwsOptions) -> str:
    """The URL that the environment names, "" if none."""
    url = options.endpoint_urls.get(service, "")
    if not url and not _LABEL.fullmatch(options.region):
        raise Fatal("InternalError", "No region is named, or none that can be: set AWS_DEFAULT_REGION.")
    return url


def _partition(region: str) -> tuple[str, str, str]:
    for name, (pattern, domain, dual_domain) in _PARTITIONS.items():
        if region == f"{name}-global" or re.fullmatch(pattern, region):
            return name, domain, dual_domain
    return "aws", "amazonaws.com", "api.aws"
