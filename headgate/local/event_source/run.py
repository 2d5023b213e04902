"""Carrying out one job: invoke the function, or leave a document at the on-failure destination.

Decides which outcome an exception is. Never retries: the lane does. Called on the poller's worker threads.
"""

from collections.abc import Callable
from typing import Any, Protocol

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from headgate.local.event_source.destination import s3_document, s3_key
from headgate.local.event_source.event import lambda_event
from headgate.local.event_source.lane import (
    Answered,
    Discard,
    Discarded,
    Failed,
    NotInvoked,
    Outcome,
    Undelivered,
)
from headgate.local.event_source.mapping import Mapping
from headgate.local.event_source.shard import Job

Invoker = Callable[[dict[str, Any]], object]


class NotInvokedError(Exception):
    """Raised by an invoker when the function could not be started: no retry is spent, nothing is split."""


class S3Client(Protocol):
    """The operation of boto3's S3 client that a destination needs."""

    def put_object(self, **request: Any) -> object:
        """Put one object."""
        ...


class Runner:
    """Runs jobs of one mapping. `now_s` is the wall clock, `new_id` makes a UUID; `log` takes one line."""

    def __init__(
        self,
        mapping: Mapping,
        invoke: Invoker,
        s3: S3Client,
        *,
        now_s: Callable[[], float],
        new_id: Callable[[], str],
        log: Callable[[str], None],
    ) -> None:
        self._mapping = mapping
        self._invoke = invoke
        self._s3 = s3
        self._now_s = now_s
        self._new_id = new_id
        self._log = log

    def run(self, job: Job) -> Outcome:
        """Carry out a job; what goes wrong is an outcome, never an exception."""
        if isinstance(job.action, Discard):
            return self._discard(job.shard_id, job.action)
        event = lambda_event(self._mapping, job.shard_id, job.action.batch.records)
        try:
            return Answered(self._invoke(event))
        except NotInvokedError as error:
            self._log(f"function could not be started: {error}")
            return NotInvoked()
        except Exception as error:  # noqa: BLE001 - whatever a function raises is a function error
            # The type alone: the text may hold a payload (I10).
            self._log(f"function error {type(error).__name__} on {len(event['Records'])} records")
            return Failed()

    def _discard(self, shard_id: str, discard: Discard) -> Outcome:
        bucket, now_s = self._mapping.bucket, self._now_s()
        self._log(f"gave up {len(discard.batch.records)} records of {shard_id}: {discard.condition}")
        if bucket is None:
            return Discarded()
        document = s3_document(self._mapping, shard_id, discard, now_s, self._new_id())
        key = s3_key(self._mapping, shard_id, now_s, self._new_id())
        try:
            self._s3.put_object(Bucket=bucket, Key=key, Body=orjson.dumps(document))
        except (ClientError, BotoCoreError) as error:
            self._log(f"on-failure destination refused: {type(error).__name__}")
            return Undelivered()
        return Discarded()
