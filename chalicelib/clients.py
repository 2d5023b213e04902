"""AWS's services as the functions call them: one attempt, signed, over a connection that stays open.

Never raises for what AWS or the network can do: what failed is a Failure. Called by aws.py.

Source: Smithy, AWS JSON 1.1 protocol; Amazon S3 API reference, PutObject.
"""

import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import orjson
import pybase64

from chalicelib import __version__, awsoptions, config, credentials
from chalicelib.awsoptions import AwsOptions
from chalicelib.connections import CONNECT_S, LOST, READ_S, Connections, Response
from chalicelib.endpoints import bucket_endpoint, endpoint
from chalicelib.refusals import code_of_json, code_of_xml, failure_of, members_of
from chalicelib.retry import Failure
from chalicelib.signing import CREDENTIALS_S, signed

CALL_S = CREDENTIALS_S + CONNECT_S + READ_S
_TARGETS = {"firehose": "Firehose_20150804", "kinesis": "Kinesis_20131202"}
_OK = 200
_REFUSED = 300  # and above
_ELSEWHERE = frozenset({301, 307, 400})  # S3's answers for a bucket of another region


class Api(Protocol):
    """One service: a request by its operation's name, with the members of the service's model."""

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any] | Failure:
        """One attempt: the answer's members, or what went wrong. Never raises for what AWS can answer."""
        ...


class _Client:
    """What the two protocols share: keys, connections, signing."""

    def __init__(self, service: str) -> None:
        """Raises Fatal when the environment does not say where to call."""
        options = awsoptions.parse(config.environment())
        region = options.region or (not options.has_keys and credentials.region_of_a_person()) or ""
        self._service = service
        self._options = replace(options, region=region)
        self._keys = credentials.keys_of(options)
        self._connections: dict[str, Connections] = {}

    def _open(self, url: str, options: AwsOptions) -> Connections:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._connections:
            self._connections[host] = Connections(host, options)
        return self._connections[host]

    def _exchange(
        self, url: str, request: tuple[str, str, Mapping[str, str], bytes], options: AwsOptions
    ) -> Response | Failure:
        """One signed request; a path of its own is put behind the URL's."""
        method, path, headers, body = request
        parts = urlsplit(url)
        path = f"{parts.path.rstrip('/')}{path}"
        headers = {"Host": parts.netloc.rpartition("@")[2], **headers}
        try:
            headers = signed((method, path, headers, body), self._service, options.region, self._keys)
            headers["User-Agent"] = f"headgate/{__version__}"
            return self._open(url, options).exchange(method, path, headers, body)
        except credentials.NoKeysError as error:
            return failure_of(str(error))
        except LOST as error:
            return failure_of(type(error).__name__)


class JsonClient(_Client):
    """Kinesis or Firehose."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self._url = endpoint(service, self._options)
        self._open(self._url, self._options)  # init has more CPU than the first call

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any] | Failure:
        """See Api."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{_TARGETS[self._service]}.{operation}",
        }
        answer = self._exchange(self._url, ("POST", "/", headers, body_of(request)), self._options)
        if isinstance(answer, Failure):
            return answer
        if answer.status >= _REFUSED:
            return failure_of(code_of_json(answer.status, answer.body))
        return members_of(answer.body)


class ObjectClient(_Client):
    """S3's PutObject, in whatever region the bucket is."""

    def __init__(self) -> None:
        super().__init__("s3")
        self._regions: dict[str, str] = {}  # of buckets that are not in ours

    def call(
        self,
        operation: str,  # noqa: ARG002 - there is one
        request: Mapping[str, Any],
    ) -> Mapping[str, Any] | Failure:
        """See Api. A bucket of another region is asked there, once S3 has said which."""
        bucket, body = request["Bucket"], request["Body"]
        crc = b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        headers = {
            "Content-Type": request["ContentType"],
            "x-amz-checksum-crc32": crc,
            "x-amz-sdk-checksum-algorithm": "CRC32",
        }
        path = quote(f"/{request['Key']}", safe="/~")
        answer = self._put(bucket, path, headers, body)
        if isinstance(answer, Response) and answer.status in _ELSEWHERE:
            region = answer.headers.get("x-amz-bucket-region", "")
            if region and region != self._regions.get(bucket, self._options.region):
                self._regions[bucket] = region
                answer = self._put(bucket, path, headers, body)
        if isinstance(answer, Failure):
            return answer
        if answer.status != _OK or answer.body:
            return failure_of(code_of_xml(answer.status, answer.body))
        etag = answer.headers.get("etag")
        return {"ETag": etag} if etag else failure_of("MalformedAnswer")  # a proxy's word stores nothing

    def _put(self, bucket: str, path: str, headers: Mapping[str, str], body: bytes) -> Response | Failure:
        options = replace(self._options, region=self._regions.get(bucket, self._options.region))
        return self._exchange(bucket_endpoint(bucket, options), ("PUT", path, headers, body), options)


def body_of(request: Mapping[str, Any]) -> bytes:
    """The JSON of a request; its records' Data, which is bytes, becomes base64.

    Base64 has nothing to escape, and looking for it would cost more than encoding: it is joined in as it is.
    """
    params = dict(request)
    records = params.pop("Records", None)
    if records is None:
        return orjson.dumps(params)
    parts = [orjson.dumps(params)[:-1], b',"Records":[']
    start = b'{"Data":"'
    for record in records:
        others = {name: value for name, value in record.items() if name != "Data"}
        end = b'",' + orjson.dumps(others)[1:] if others else b'"}'
        parts += (start, pybase64.b64encode(record["Data"]), end)
        start = b',{"Data":"'
    return b"".join([*parts, b"]}"])
