"""A candidate that was not taken: PutRecords without botocore, signed by hand, over http.client.

Its place is in bench.cold_start and bench.client, which say what it would save. What it lacks to be used:
credentials that expire, proxies, other partitions' endpoints, CA settings, and all that AWS will add to them.

Source: AWS General Reference, Signature Version 4.
"""

import hashlib
import hmac
import http.client
import time
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

_SERVICE = "kinesis"
_TYPE = "application/x-amz-json-1.1"
_TARGET = "Kinesis_20131202.PutRecords"
_SIGNED = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"


class Keys(NamedTuple):
    """A role's credentials."""

    access_key: str
    secret_key: str
    token: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Keys":
        """As Lambda gives them."""
        return cls(
            *(environ[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"))
        )


class ThinKinesis:
    """`put_records` with the shape of boto3's; raises OSError or http.client.HTTPException."""

    def __init__(self, url: str, region: str, keys: Keys) -> None:
        parts = urlsplit(url)
        self._host = parts.netloc
        self._region = region
        self._keys = keys
        made = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = made(parts.netloc, timeout=4.0)

    def put_records(self, stream: str, records: Sequence[tuple[bytes, str]]) -> Any:
        """One call with (data, partition key) pairs; the decoded answer."""
        wire = [
            {"Data": b2a_base64(data, newline=False).decode(), "PartitionKey": key} for data, key in records
        ]
        body = orjson.dumps({"StreamName": stream, "Records": wire})
        headers = sign(
            self._keys, self._region, self._host, body, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        )
        self._connection.request("POST", "/", body, headers)
        response = self._connection.getresponse()
        return orjson.loads(response.read())


def sign(keys: Keys, region: str, host: str, body: bytes, now: str) -> dict[str, str]:
    """The headers of a signed PutRecords; `now` is 20261121T030000Z."""
    canonical = (
        f"POST\n/\n\ncontent-type:{_TYPE}\nhost:{host}\nx-amz-date:{now}\nx-amz-security-token:{keys.token}\n"
        f"x-amz-target:{_TARGET}\n\n{_SIGNED}\n{hashlib.sha256(body).hexdigest()}"
    )
    scope = f"{now[:8]}/{region}/{_SERVICE}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _hmac(_signing_key(keys.secret_key, now[:8], region), text).hex()
    credential = f"Credential={keys.access_key}/{scope}"
    return {
        "Host": host,
        "Content-Type": _TYPE,
        "X-Amz-Date": now,
        "X-Amz-Security-Token": keys.token,
        "X-Amz-Target": _TARGET,
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={_SIGNED}, Signature={signature}",
    }


@lru_cache(maxsize=2)  # it changes once a day
def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = _hmac(f"AWS4{secret}".encode(), day)
    for part in (region, _SERVICE, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
