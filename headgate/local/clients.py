"""boto3 clients for the local endpoint: any key will do, and one attempt is enough on loopback."""

from typing import Any

import boto3
from botocore.config import Config

from headgate.local.options import KEY_ID, SECRET


def client(service: str, endpoint_url: str, region: str) -> Any:
    """A client of one service of the local endpoint."""
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=2,
        read_timeout=30,
        max_pool_connections=16,
        parameter_validation=False,
        user_agent="headgate-local",
        s3={"addressing_style": "path"},
    )
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=config,
    )
