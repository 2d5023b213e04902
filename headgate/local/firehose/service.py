"""Firehose's API on one machine: what each operation is answered.

Decides the answers' shapes and which part does the work: put.py judges puts, streams.py makes documents, the
fleet delivers. Called by the AWS endpoint from many threads.

Source: Firehose API reference (2015-08-04).
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from headgate.local.firehose import put, streams
from headgate.local.firehose.fleet import Figures, FirehoseOptions, Fleet
from headgate.local.firehose.shape import check_shape
from headgate.local.firehose.streams import DIRECT_PUT, Document
from headgate.local.firehose.tries import Clients, Host
from headgate.local.wire import AwsError

_STREAMS_LISTED = 10
_TAGS_LISTED = 50

Request = Mapping[str, Any]


class FirehoseService:
    """One Firehose. `start` begins delivery, `close` ends it; each is called once."""

    def __init__(
        self,
        path: Path,
        clients: Clients,
        settings: FirehoseOptions | None = None,
        host: Host | None = None,
        owner: str = "us-east-1:123456789012",
    ) -> None:
        """`owner` is `<region>:<account>`. Raises LocalError when the database at `path` is damaged."""
        self._host = host or Host()
        self._options = settings or FirehoseOptions()
        self._fleet = Fleet(path, clients, self._options, self._host)
        self._arn_prefix = f"arn:aws:firehose:{owner}:deliverystream/"
        self._changing = Lock()
        self._operations: dict[str, Callable[[Request], dict[str, Any]]] = {
            "CreateDeliveryStream": self._create,
            "DescribeDeliveryStream": self._describe,
            "ListDeliveryStreams": self._list,
            "DeleteDeliveryStream": self._delete,
            "PutRecord": self._put_record,
            "PutRecordBatch": self._put_record_batch,
            "UpdateDestination": self._update,
            "TagDeliveryStream": self._tag,
            "UntagDeliveryStream": self._untag,
            "ListTagsForDeliveryStream": self._list_tags,
            "StartDeliveryStreamEncryption": self._start_encryption,
            "StopDeliveryStreamEncryption": self._stop_encryption,
        }

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation on wire shapes. Raises AwsError."""
        run = self._operations.get(operation)
        if run is None:
            raise AwsError("UnknownOperationException", f"Firehose has no operation {operation}.")
        if not operation.startswith("Put"):
            check_shape(operation, request)
        return run(request)

    def start(self) -> None:
        """Start to deliver, what an earlier run left first."""
        self._fleet.start()

    def drain(self, within_s: float) -> int:
        """Deliver everything now; return the records that are left after at most `within_s` seconds (0)."""
        return self._fleet.drain(within_s)

    def close(self) -> None:
        """Stop delivering and close the database."""
        self._fleet.close()

    def figures(self) -> dict[str, Figures]:
        """Return the figures of each delivery stream by name."""
        return {
            document["name"]: self._fleet.figures(document["name"]) for document in self._fleet.documents()
        }

    @property
    def dropped_records(self) -> int:
        """Records that were waiting when their delivery stream was deleted (I9)."""
        return self._fleet.dropped_records

    def _create(self, request: Request) -> dict[str, Any]:
        document = streams.create(request, self._arn_prefix, self._host.wall_s())
        if document["name"] in self._options.read_whole:
            document["read_from_s"] = 0.0
        self._fleet.check(document)
        if not self._fleet.add(document):
            name = document["name"]
            raise AwsError("ResourceInUseException", f"Firehose {name} already exists.")
        return {"DeliveryStreamARN": document["arn"]}

    def _describe(self, request: Request) -> dict[str, Any]:
        return {"DeliveryStreamDescription": streams.describe(self._document(request))}

    def _list(self, request: Request) -> dict[str, Any]:
        kind, after = request.get("DeliveryStreamType"), request.get("ExclusiveStartDeliveryStreamName", "")
        names = [
            document["name"]
            for document in self._fleet.documents()
            if document["name"] > after and kind in {None, document["type"]}
        ]
        limit = request.get("Limit", _STREAMS_LISTED)
        return {"DeliveryStreamNames": names[:limit], "HasMoreDeliveryStreams": len(names) > limit}

    def _delete(self, request: Request) -> dict[str, Any]:
        document = self._document(request)
        try:
            self._fleet.remove(document["name"])
        except KeyError:
            raise _not_found(document["name"]) from None
        return {}

    def _put_record(self, request: Request) -> dict[str, Any]:
        document = self._direct(request)
        data = put.parse_record(request.get("Record"))
        self._append(document, [data])
        return {"RecordId": self._record_id(), "Encrypted": _is_encrypted(document)}

    def _put_record_batch(self, request: Request) -> dict[str, Any]:
        document = self._direct(request)
        batch = put.parse_batch(request.get("Records"))
        self._append(document, batch)
        return {
            "FailedPutCount": 0,
            "Encrypted": _is_encrypted(document),
            "RequestResponses": [{"RecordId": self._record_id()} for _ in batch],
        }

    def _update(self, request: Request) -> dict[str, Any]:
        return self._change(request, lambda document: streams.update(document, request, self._host.wall_s()))

    def _tag(self, request: Request) -> dict[str, Any]:
        return self._change(request, lambda document: streams.tag(document, request.get("Tags") or []))

    def _untag(self, request: Request) -> dict[str, Any]:
        return self._change(request, lambda document: streams.untag(document, request.get("TagKeys") or []))

    def _start_encryption(self, request: Request) -> dict[str, Any]:
        wanted = request.get("DeliveryStreamEncryptionConfigurationInput", {"KeyType": "AWS_OWNED_CMK"})
        self._direct(request)
        return self._change(request, lambda document: streams.encrypt(document, wanted))

    def _stop_encryption(self, request: Request) -> dict[str, Any]:
        self._direct(request)
        return self._change(request, lambda document: streams.encrypt(document, None))

    def _list_tags(self, request: Request) -> dict[str, Any]:
        after, limit = request.get("ExclusiveStartTagKey", ""), request.get("Limit", _TAGS_LISTED)
        tags = sorted(item for item in self._document(request)["tags"].items() if item[0] > after)
        return {
            "Tags": [{"Key": key, "Value": value} for key, value in tags[:limit]],
            "HasMoreTags": len(tags) > limit,
        }

    def _change(self, request: Request, edit: Callable[[Document], Document]) -> dict[str, Any]:
        # Two updates of one version must not both succeed.
        with self._changing:
            document = self._document(request)
            try:
                self._fleet.change(edit(document))
            except KeyError:
                raise _not_found(document["name"]) from None
        return {}

    def _document(self, request: Request) -> Document:
        name = str(request.get("DeliveryStreamName", ""))
        try:
            return self._fleet.document(name)
        except KeyError:
            raise _not_found(name) from None

    def _direct(self, request: Request) -> Document:
        document = self._document(request)
        if document["type"] != DIRECT_PUT:
            raise AwsError(
                "InvalidArgumentException",
                f"This operation is not permitted on {document['type']} delivery stream type.",
            )
        return document

    def _append(self, document: Document, data: list[bytes]) -> None:
        try:
            self._fleet.append(document["name"], data)
        except KeyError:
            raise _not_found(document["name"]) from None

    def _record_id(self) -> str:
        return str(self._host.new_uuid())


def _not_found(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Firehose {name} not found.")


def _is_encrypted(document: Document) -> bool:
    return bool(document["encryption"]["Status"] == "ENABLED")
