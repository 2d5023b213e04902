"""The first use case: a request's events go to the stream, and 200 means that the stream has all of them.

Buffers nothing past the answer. Everything with an effect comes in as an argument. Called by app.py.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from chalicelib import gateway, limits
from chalicelib.decode import Batch, Rules, decode
from chalicelib.errors import HeadgateError, Rejected, Transient
from chalicelib.gateway import Answer, Request
from chalicelib.packing import Pack, pack, partition_key
from chalicelib.ports import Counter, Entry, Receipt, Stream, count_failures, make_entry
from chalicelib.retry import Failure, Item, Outcome, Policy, Retry, drive

_PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{limits.IDEMPOTENCY_KEY_MAX_CHARS}}}")
_RETRY_AFTER_S = 1
_RETRY_AFTER_MISCONFIGURED_S = 30


@dataclass(frozen=True)
class Ingest:
    """The use case with its stage's rules and its edges."""

    stream: Stream
    rules: Rules
    pack_bytes: int
    now: Callable[[], float]  # monotonic seconds
    sleep: Callable[[float], object]
    jitter: Callable[[], float]  # shares in [0, 1)
    new_id: Callable[[], str]

    def __call__(self, request: Request, deadline_s: float, counter: Counter) -> Answer:
        """Return the answer to a POST. `deadline_s` is on the clock of `now`."""
        try:
            key = _key(request, self.new_id)
            dry_run = _is_dry_run(request)
            batch = decode(request.body, request.headers, self.rules)
        except Rejected as error:
            counter.count("RequestsRejected", 1, error.code)
            return gateway.refused(request.request_id, error)
        if dry_run:
            return gateway.answered(request.request_id, {"Valid": len(batch.events)})
        return self._store(request, batch, key, deadline_s, counter)

    def _store(self, request: Request, batch: Batch, key: str, deadline_s: float, counter: Counter) -> Answer:
        own_ids = None if "idempotency-key" in request.headers else batch.own_ids
        pack_bytes = 0 if own_ids else self.pack_bytes  # an id of its own is the key of a record of its own
        packs = pack(((event.line + b"\n", event.ordering_key) for event in batch.events), pack_bytes)
        if own_ids:
            ids = [own_ids[p.indexes[0]] for p in packs]
        else:
            ids = [key if batch.single else f"{key}/{p.indexes[0]}" for p in packs]
        entries = [
            make_entry(p.data, partition_key(own), p.ordering_key) for p, own in zip(packs, ids, strict=True)
        ]
        put, codes = self._put(entries, packs, deadline_s, counter)
        outcomes = _by_event(packs, put, len(batch.events))
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        counter.count("EventsAccepted", len(outcomes) - len(failures))
        count_failures(counter, "EventsNotStored", failures)
        shown = [_shown(outcome) for outcome in outcomes]
        if failures:
            details = {"FailedRecordCount": len(failures), "Records": shown}
            return gateway.refused(request.request_id, _reason(failures, len(outcomes), codes), details)
        body = shown[0] if batch.single else {"FailedRecordCount": 0, "Records": shown}
        return gateway.answered(request.request_id, body)

    def _put(
        self, entries: list[Entry], packs: list[Pack], deadline_s: float, counter: Counter
    ) -> tuple[list[Outcome], set[str]]:
        """Return the outcome of each record, and the codes of all attempts that failed on the way."""
        codes: set[str] = set()

        def send(indexes: Sequence[int]) -> list[Outcome]:
            outcomes = self.stream.put([entries[i] for i in indexes])
            codes.update(outcome.code for outcome in outcomes if isinstance(outcome, Failure))
            return outcomes

        items = [
            Item(len(entry.data) + len(entry.partition_key), p.ordering_key)
            for entry, p in zip(entries, packs, strict=True)
        ]
        machine = Retry(items, _policy(self.stream.call_s), self.jitter, deadline_s)
        outcomes = drive(machine, send, self.now, self.sleep)
        counter.count("RecordsRetried", machine.retried)
        return outcomes, codes


def _key(request: Request, new_id: Callable[[], str]) -> str:
    """Return the event id to be, made before the first write so that every retry carries it (DESIGN I3).

    Never an id that several requests share: a traced client sends one X-Amzn-Trace-Id with many of them.
    """
    given = request.headers.get("idempotency-key")
    if given is not None:
        given = given.strip()  # white space around a header's value is no part of it
        if not _PRINTABLE.fullmatch(given):
            message = f"Idempotency-Key: 1 to {limits.IDEMPOTENCY_KEY_MAX_CHARS} printable ASCII characters."
            raise Rejected("InvalidIdempotencyKey", message)
        return given
    return request.unique_id or new_id()


def _is_dry_run(request: Request) -> bool:
    for name in request.query:
        if name != "dry_run" and name.lower().replace("-", "").replace("_", "") == "dryrun":
            raise Rejected("InvalidParameter", "The parameter is called dry_run.")
    value = request.query.get("dry_run", "0").lower()
    if value in {"0", "false", "no"}:
        return False
    if value in {"", "1", "true", "yes"}:
        return True
    raise Rejected("InvalidParameter", "dry_run is 1 or 0.")  # a guess would write what was to be checked


@cache
def _policy(call_s: float) -> Policy:
    return Policy(
        max_items=limits.KINESIS_RECORDS_MAX,
        max_bytes=limits.KINESIS_CALL_MAX_BYTES,
        call_s=call_s,
        max_attempts=12,  # some five seconds in vain, longer than a burst
        base_s=0.05,
        cap_s=2.0,
        # A body of BODY_MAX_BYTES goes onto a stage of one shard, at 1 MB/s, in four seconds.
        wait_budget_s=10.0,
    )


def _by_event(packs: Sequence[Pack], outcomes: Sequence[Outcome], count: int) -> list[Outcome]:
    """Return the outcome of each event, which is that of its record."""
    by_index = {i: outcome for p, outcome in zip(packs, outcomes, strict=True) for i in p.indexes}
    return [by_index[i] for i in range(count)]


def _shown(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Failure):
        return {"ErrorCode": outcome.code}
    receipt = outcome.receipt
    assert isinstance(receipt, Receipt)  # noqa: S101 - narrows a type; put() promises it
    return {"SequenceNumber": receipt.sequence_number, "ShardId": receipt.shard_id}


def _reason(failures: Sequence[Failure], count: int, codes: set[str]) -> HeadgateError:
    """Return the error of a request that is not wholly stored; `codes` are those of all its attempts."""
    if len(failures) == count and codes == {"Throttled"}:  # an attempt that timed out may have written
        return Transient("Throttled", "The stream is at its limit; nothing was written.", _RETRY_AFTER_S)
    wait_s = _RETRY_AFTER_MISCONFIGURED_S if "Misconfigured" in codes else _RETRY_AFTER_S
    message = f"{len(failures)} of {count} events were not acknowledged; send the request again with its key."
    return Transient("Unavailable", message, wait_s)
