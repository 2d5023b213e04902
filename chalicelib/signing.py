"""Signature Version 4, by awscrt's signer. Called by clients.py.

Source: AWS General Reference, Signature Version 4; Amazon S3 API reference, "Authenticating Requests".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from awscrt.auth import AwsSignedBodyHeaderType, AwsSigningConfig, aws_sign_request
from awscrt.exceptions import AwsCrtError
from awscrt.http import HttpHeaders, HttpRequest

from chalicelib.credentials import Keys, NoKeysError

CREDENTIALS_S = 1.0  # the longest to wait for keys; those of the environment are there at once


def signed(
    request: tuple[str, str, Mapping[str, str], bytes],
    service: str,
    region: str,
    keys: Keys,
    now: datetime | None = None,
) -> dict[str, str]:
    """The headers of a request (method, path as it is sent, headers with Host, body), and those that sign it.

    Raises NoKeysError when there are no credentials.
    """
    method, path, headers, body = request
    is_s3 = service == "s3"
    config = AwsSigningConfig(
        credentials_provider=keys(),
        region=region,
        service=service,
        date=now or datetime.now(UTC),
        signed_body_value=sha256(body).hexdigest(),
        # S3 wants the body's hash as a header, and takes a key's path as it is.
        signed_body_header_type=AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256
        if is_s3
        else AwsSignedBodyHeaderType.NONE,
        use_double_uri_encode=not is_s3,
        should_normalize_uri_path=not is_s3,
    )
    unsigned = HttpRequest(method, path, HttpHeaders(list(headers.items())))
    try:
        return dict(aws_sign_request(unsigned, config).result(CREDENTIALS_S).headers)
    except (AwsCrtError, RuntimeError, TimeoutError) as error:
        raise NoKeysError(getattr(error, "name", type(error).__name__)) from error
