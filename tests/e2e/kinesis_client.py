"""The least client that can speak to a Kinesis on loopback: one keep-alive connection, no retries.

Used where boto3 would be the bottleneck. A refusal is a value, a broken connection an exception.
"""

from base64 import b64decode
from http.client import HTTPConnection
from typing import Any

import orjson

STREAM = "conserved"
# moto takes the service's name from here; nobody checks the signature.
_SIGNED = (
    "AWS4-HMAC-SHA256 Credential=x/20240101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"
)


class Client:
    """One connection; one for each thread."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, operation: str, **request: Any) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer; an answer that is not JSON is empty."""
        headers = {
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": _SIGNED,
        }
        self._connection.request("POST", "/", orjson.dumps(request), headers)
        response = self._connection.getresponse()
        body = response.read()
        try:
            return response.status, orjson.loads(body or b"{}")
        except orjson.JSONDecodeError:
            return response.status, {}

    def shards(self) -> list[dict[str, Any]]:
        """Return all shards of the stream."""
        status, answer = self.call("ListShards", StreamName=STREAM)
        return list(answer["Shards"]) if status == 200 else []

    def iterator(self, shard_id: str) -> str | None:
        """Return an iterator at the shard's oldest record."""
        place = {"StreamName": STREAM, "ShardId": shard_id, "ShardIteratorType": "TRIM_HORIZON"}
        _, answer = self.call("GetShardIterator", **place)
        return answer.get("ShardIterator")

    def drain(self, shard_id: str) -> list[bytes]:
        """Return the data of all records of a shard to which nobody writes any more."""
        found: list[bytes] = []
        iterator = self.iterator(shard_id)
        while iterator is not None:
            _, page = self.call("GetRecords", ShardIterator=iterator)
            records = page.get("Records", [])
            found += [b64decode(record["Data"]) for record in records]
            iterator = page.get("NextShardIterator") if records else None
        return found

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
