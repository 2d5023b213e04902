"""awscrt's signature is botocore's, for any body, headers, token and clock that a request can have."""

from datetime import UTC, datetime
from unittest.mock import patch  # botocore reads the clock itself and takes none
from urllib.parse import quote

import pytest
from awscrt.auth import AwsCredentialsProvider
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.signing import signed

PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
NAMES = st.from_regex(r"x-[a-z0-9]{1,10}", fullmatch=True).filter(lambda name: not name.startswith("x-amz"))
HEADERS = st.dictionaries(NAMES, st.builds("{}  {}".format, PRINTABLE, PRINTABLE), max_size=4)
HOST = "host-1.eu-central-1.amazonaws.com"


def by_botocore(
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    keys: Credentials,
    service: str,
    at: datetime,
) -> str:
    """The Authorization header that botocore makes."""
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    request = AWSRequest(method, f"https://{HOST}{path}", headers, body)
    if service == "s3":
        request.context["payload_signing_enabled"] = True
    with patch("botocore.auth.get_current_datetime", lambda: at.replace(tzinfo=None)):
        kind(keys, service, "eu-central-1").add_auth(request)
    return str(request.headers["Authorization"])


KEYS = st.builds(Credentials, PRINTABLE, SECRETS, st.none() | SECRETS)


@pytest.mark.parametrize("service", ["kinesis", "firehose", "s3"])
@given(body=st.binary(max_size=2000), headers=HEADERS, keys=KEYS, at=MOMENTS, name=st.text(min_size=1))
def test_the_signature_is_botocores(
    service: str, body: bytes, headers: dict[str, str], keys: Credentials, at: datetime, name: str
) -> None:
    usable = name.encode("utf-8", "ignore").decode() or "x"
    method, path = ("PUT", quote(f"/q/{usable}", safe="/~")) if service == "s3" else ("POST", "/")
    provider = AwsCredentialsProvider.new_static(keys.access_key, keys.secret_key, keys.token)
    request = method, path, {"Host": HOST, **headers}, body
    ours = signed(request, service, "eu-central-1", lambda: provider, at)
    assert ours["Authorization"] == by_botocore(method, path, headers, body, keys, service, at)
    assert ours.get("X-Amz-Security-Token") == keys.token
