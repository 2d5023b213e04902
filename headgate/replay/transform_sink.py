"""Gives records to the transform as it is checked out here, on this machine: the stream is not touched.

Decides the batches. It writes what the deployed function would write, to the same delivery stream and bucket,
under the records' first receipts; so the curated lines have the same bytes as before.
"""

from collections import Counter as Tally
from collections.abc import Sequence
from itertools import groupby

from chalicelib import __version__
from chalicelib.aws import Bucket, DeliveryStream
from chalicelib.hook import hook
from chalicelib.transform import Transform
from headgate.boto_api import BotoApi
from headgate.readers.errors import StoppedError
from headgate.readers.putting import Returning
from headgate.readers.stage import Stage
from headgate.readers.verdict import as_lambda_record
from headgate.records import Record

_CALL_S = 120.0  # as the deployed function's time-out


class Counts:
    """What the transform counts."""

    def __init__(self) -> None:
        self.totals: Tally[str] = Tally()

    def count(self, name: str, n: int, reason: str = "") -> None:  # noqa: ARG002 - the protocol's signature
        """Add."""
        self.totals[name] += n


class TransformSink:
    """The transform of one stage."""

    def __init__(self, transform: Transform, stream_arn: str) -> None:
        self.counts = Counts()
        self._transform = transform
        self._stream_arn = stream_arn

    def put(self, records: Sequence[Returning]) -> None:
        """Process records, shard by shard in their order. Raises StoppedError when one is handed back."""
        for shard_id, run in groupby(records, key=lambda record: record.shard_id):
            batch = [as_lambda_record(_record(each), shard_id, self._stream_arn) for each in run]
            answer = self._transform({"Records": batch}, self._transform.now() + _CALL_S, self.counts)
            if answer["batchItemFailures"]:
                raise StoppedError(
                    "the delivery stream or the bucket does not take the lines; "
                    "the same command goes on from here"
                )


def open_transform(stage: Stage) -> TransformSink:
    """The sink of a stage."""
    clock = stage.clock
    transform = Transform(
        delivery=DeliveryStream(BotoApi(stage.client("firehose")), stage.names.curated),
        store=Bucket(BotoApi(stage.client("s3"))),
        bucket=stage.bucket_name(),
        hook=hook,
        pack_bytes=stage.settings.pack_bytes,
        version=__version__,
        now=clock.now,
        sleep=clock.sleep,
        jitter=clock.jitter,
        event_as_text=stage.settings.curated.format != "ndjson",
    )
    # The bucket's name is filled in already; the ARN is there because a Lambda event has one.
    return TransformSink(transform, "arn:aws:kinesis:::stream/replay")


def _record(each: Returning) -> Record:
    return Record(each.sequence_number, each.partition_key, each.data, each.arrival_s)
