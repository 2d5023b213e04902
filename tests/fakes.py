"""Recording fakes of what the two use cases meet: stream, delivery stream, bucket, clock, counter.

Each keeps what it was given and plays a script of faults, one word per record:
stored · throttled · unavailable · misconfigured · lost (stored, but the answer is lost on the way back).
They refuse what AWS would refuse, so that a test sees a broken limit as an AssertionError.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count

from chalicelib import limits
from chalicelib.ports import Entry, Receipt
from chalicelib.retry import Failure, Outcome, Success

FAILURES = {
    "throttled": Failure("Throttled", passing=True, cause="ProvisionedThroughputExceededException"),
    "unavailable": Failure("Unavailable", passing=True, cause="InternalFailure"),
    "misconfigured": Failure("Misconfigured", passing=False, cause="KMSAccessDeniedException"),
    "lost": Failure("Unavailable", passing=True, cause="ReadTimeoutError"),
}
FAULTS = ("stored", *FAILURES)
PASSING_FAULTS = ("stored", "throttled", "unavailable", "lost")


class FakeClock:
    """Monotonic seconds that pass only by sleeping, or when a test moves them."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept_s: list[float] = []

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept_s.append(seconds)
        self.now_s += seconds


class FakeCounter:
    """Counts by name, and by name and reason."""

    def __init__(self) -> None:
        self.totals: Tally[str] = Tally()
        self.reasons: Tally[tuple[str, str]] = Tally()

    def count(self, name: str, n: int, reason: str = "") -> None:
        self.totals[name] += n
        if reason:
            self.reasons[name, reason] += n


class Script:
    """What happens to the next records; after its end, all are stored."""

    def __init__(self, faults: Iterable[str] = ()) -> None:
        self._faults = iter(faults)

    def meet(self, store: Callable[[], object]) -> Outcome:
        """One record's outcome; `store` is called if it is kept, and gives its receipt."""
        fault = next(self._faults, "stored")
        receipt = store() if fault in {"stored", "lost"} else None
        return FAILURES.get(fault) or Success(receipt)


class FakeKinesis:
    """The stream: what it stored, in order, and the calls that it got. A call takes `took_s` of the clock."""

    call_s = 5.0

    def __init__(
        self, faults: Iterable[str] = (), clock: FakeClock | None = None, *, took_s: float = 0.01
    ) -> None:
        self.stored: list[tuple[Receipt, Entry]] = []
        self.calls: list[list[Entry]] = []
        self.started_s: list[float] = []
        self._script = Script(faults)
        self._clock = clock or FakeClock()
        self._took_s = took_s
        self._numbers = count(95)  # as text, "100" < "95"

    def put(self, entries: Sequence[Entry]) -> list[Outcome]:
        assert 1 <= len(entries) <= limits.KINESIS_RECORDS_MAX
        sizes_bytes = [len(e.data) + len(e.partition_key.encode()) for e in entries]
        assert sum(sizes_bytes) <= limits.KINESIS_CALL_MAX_BYTES
        assert max(sizes_bytes) <= limits.KINESIS_RECORD_MAX_BYTES
        assert all(1 <= len(e.partition_key) <= limits.PARTITION_KEY_MAX_CHARS for e in entries)
        self.calls.append(list(entries))
        self.started_s.append(self._clock.now_s)
        self._clock.now_s += self._took_s
        return [self._script.meet(partial(self._store, entry)) for entry in entries]

    @property
    def lines(self) -> list[bytes]:
        """The stored lines, without their line feeds, in the order of the stream."""
        return [line for _, entry in self.stored for line in entry.data[:-1].split(b"\n")]

    def _store(self, entry: Entry) -> Receipt:
        receipt = Receipt("shardId-000000000000", str(next(self._numbers)))
        self.stored.append((receipt, entry))
        return receipt


class FakeFirehose:
    """The delivery stream of curated/: what it took."""

    call_s = 5.0

    def __init__(self, faults: Iterable[str] = ()) -> None:
        self.delivered: list[bytes] = []
        self.calls: list[list[bytes]] = []
        self._script = Script(faults)

    def put(self, records: Sequence[bytes]) -> list[Outcome]:
        assert 1 <= len(records) <= limits.FIREHOSE_RECORDS_MAX
        assert sum(map(len, records)) <= limits.FIREHOSE_CALL_MAX_BYTES
        assert max(map(len, records)) <= limits.FIREHOSE_RECORD_MAX_BYTES
        self.calls.append(list(records))
        return [self._script.meet(partial(self.delivered.append, data)) for data in records]

    @property
    def lines(self) -> list[bytes]:
        """The curated lines, without their line feeds."""
        return b"".join(self.delivered).split(b"\n")[:-1]


class FakeBucket:
    """S3: the objects by bucket and key, and every write."""

    call_s = 5.0

    def __init__(self, faults: Iterable[str] = ()) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.writes: list[tuple[str, str, bytes]] = []
        self._script = Script(faults)

    def put(self, bucket: str, key: str, body: bytes) -> Outcome:
        return self._script.meet(partial(self._store, bucket, key, body))

    @property
    def lines(self) -> list[bytes]:
        """The lines of all objects."""
        return self.under("")

    def under(self, prefix: str) -> list[bytes]:
        """The lines of the objects whose keys begin so."""
        bodies = (body for (_, key), body in self.objects.items() if key.startswith(prefix))
        return b"".join(bodies).split(b"\n")[:-1]

    def _store(self, bucket: str, key: str, body: bytes) -> None:
        self.objects[bucket, key] = body
        self.writes.append((bucket, key, body))
