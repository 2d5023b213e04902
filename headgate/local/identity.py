"""Who we are on the local endpoint, and the variables with which any AWS program finds it."""

ACCOUNT = "123456789012"  # moto's
KEY_ID = "local"
SECRET = "local"  # noqa: S105 - the local endpoint checks no signature


def environment(endpoint_url: str, region: str) -> dict[str, str]:
    """What to set for boto3, the AWS CLI and every program of ours."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": region,
    }
