"""Which side of the commit each fault strikes; a batch's answers stay in the order of its records."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from headgate.local.faults import Faults, HangUp, parse_faults
from headgate.local.faults.layer import FaultControl
from headgate.local.faults.reshard import reshard
from headgate.local.faults.services import (
    FaultyS3,
    FunctionKilled,
    faulty_firehose,
    faulty_invoke,
    faulty_kinesis,
)
from headgate.local.wire import AwsError, Service

HALF = 2**127
Request = dict[str, Any]


class FakeService:
    """Kinesis and Firehose in one: two shards, divided in the middle; keeps what was put."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.put: list[str] = []

    def call(self, operation: str, request: Request) -> Request:
        self.calls.append(operation)
        if operation == "ListShards":
            return {"Shards": [shard("a", 0, HALF - 1), shard("b", HALF, 2 * HALF - 1)]}
        records = request.get("Records", [request])
        self.put += [record.get("Data", "") for record in records]
        if operation == "PutRecords":
            return {
                "FailedRecordCount": 0,
                "Records": [{"ShardId": "a", "SequenceNumber": "1"}] * len(records),
            }
        if operation == "PutRecordBatch":
            return {
                "FailedPutCount": 0,
                "Encrypted": True,
                "RequestResponses": [{"RecordId": "1"}] * len(records),
            }
        return {}


def shard(name: str, low: int, high: int) -> Request:
    hash_range = {"StartingHashKey": str(low), "EndingHashKey": str(high)}
    return {"ShardId": name, "HashKeyRange": hash_range, "SequenceNumberRange": {}}


def batch(count: int) -> Request:
    """Records by turns for shard a and shard b."""
    records = [
        {"Data": str(n), "ExplicitHashKey": str(n % 2 * HALF), "PartitionKey": "k"} for n in range(count)
    ]
    return {"StreamName": "s", "Records": records}


Wrap = Callable[[Service, Faults, Callable[[float], object]], Service]


def make(faults: str, wrap: Wrap = faulty_kinesis) -> tuple[FakeService, Service, list[float]]:
    inner, slept = FakeService(), list[float]()
    return inner, wrap(inner, Faults(parse_faults(faults)), slept.append), slept


def test_k07_a_throttled_shard_refuses_its_records_and_the_other_shard_takes_its_own() -> None:
    inner, service, _ = make("throttle=1,seed=1")
    answer = service.call("PutRecords", batch(6))
    refused = [index for index, each in enumerate(answer["Records"]) if "ErrorCode" in each]
    assert refused in ([0, 2, 4], [1, 3, 5])
    assert {each["ErrorCode"] for each in answer["Records"] if "ErrorCode" in each} == {
        "ProvisionedThroughputExceededException"
    }
    assert answer["FailedRecordCount"] == 3
    assert inner.put == [str(n) for n in range(6) if n not in refused]


def test_k07_a_record_without_an_explicit_hash_key_belongs_where_md5_says() -> None:
    _, service, _ = make("throttle=1")
    low = {"Data": "x", "PartitionKey": "b"}  # MD5 92eb…: the upper half
    high = {"Data": "y", "ExplicitHashKey": str(HALF), "PartitionKey": "k"}
    assert service.call("PutRecords", {"StreamName": "s", "Records": [low, high]})["FailedRecordCount"] == 2


@pytest.mark.parametrize("seed", range(5))
def test_k01_a_partial_batch_is_answered_in_order_and_stores_what_it_acknowledged(seed: int) -> None:
    inner, service, _ = make(f"partial=1,seed={seed}")
    answer = service.call("PutRecords", batch(60))
    stored = [str(n) for n, each in enumerate(answer["Records"]) if "SequenceNumber" in each]
    assert inner.put == stored
    assert 0 < len(stored) < 60
    assert answer["FailedRecordCount"] == 60 - len(stored)
    codes = {each["ErrorCode"] for each in answer["Records"] if "ErrorCode" in each}
    assert codes == {"ProvisionedThroughputExceededException", "InternalFailure"}


def test_t09_a_partial_batch_of_firehose_does_the_same() -> None:
    inner, service, _ = make("firehose_partial=1,seed=2", faulty_firehose)
    answer = service.call("PutRecordBatch", batch(60))
    stored = [str(n) for n, each in enumerate(answer["RequestResponses"]) if "RecordId" in each]
    assert inner.put == stored
    assert answer["FailedPutCount"] == 60 - len(stored) > 0
    assert answer["Encrypted"] is True


def test_a_batch_that_is_refused_whole_never_reaches_the_service() -> None:
    inner, service, _ = make("throttle=1")
    records = [{"Data": "x", "ExplicitHashKey": "0", "PartitionKey": "k"}] * 3
    assert service.call("PutRecords", {"StreamName": "s", "Records": records})["FailedRecordCount"] == 3
    assert inner.calls == ["ListShards"]


def test_k03_a_lost_answer_is_committed_and_a_reset_is_not() -> None:
    inner, service, _ = make("lost_answer=1")
    with pytest.raises(HangUp):
        service.call("PutRecords", batch(2))
    assert inner.put == ["0", "1"]
    inner, service, _ = make("reset=1")
    with pytest.raises(HangUp):
        service.call("PutRecords", batch(2))
    assert inner.put == []


def test_g03_a_slow_answer_is_committed_before_it_waits() -> None:
    inner, service, slept = make("slow=1:6")
    assert service.call("PutRecords", batch(2))["FailedRecordCount"] == 0
    assert (inner.put, slept) == (["0", "1"], [6.0])


def test_k10_expired_credentials_and_an_internal_failure_are_refusals() -> None:
    inner, service, _ = make("expired=1")
    with pytest.raises(AwsError) as caught:
        service.call("GetRecords", {})
    assert (caught.value.code, caught.value.status) == ("ExpiredTokenException", 400)
    inner, service, _ = make("error500=1,seed=4")
    for _ in range(40):
        with pytest.raises(AwsError) as caught:
            service.call("PutRecords", batch(1))
        assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)
    assert 0 < len(inner.put) < 40, "half of them are committed"


def test_f01_an_outage_of_firehose_is_a_refusal_of_the_whole_call() -> None:
    inner, service, _ = make("firehose_down=1", faulty_firehose)
    with pytest.raises(AwsError) as caught:
        service.call("PutRecordBatch", batch(2))
    assert (caught.value.code, caught.value.status) == ("ServiceUnavailableException", 503)
    assert inner.put == []


def test_management_is_left_alone_so_that_a_run_can_start() -> None:
    every = "throttle=1,partial=1,lost_answer=1,slow=1,reset=1,error500=1,expired=1,firehose_down=1"
    for wrap in (faulty_kinesis, faulty_firehose):
        inner, service, slept = make(every, wrap)
        service.call("CreateStream", {})
        assert (inner.calls, slept) == (["CreateStream"], [])


def test_t04_a_killed_transform_has_done_a_part_of_its_batch_from_the_front() -> None:
    seen: list[list[int]] = []
    invoke = faulty_invoke(
        lambda event, _: seen.append(event["Records"]), 120.0, Faults(parse_faults("transform_kill=1,seed=1"))
    )
    for _ in range(60):
        with pytest.raises(FunctionKilled):
            invoke({"Records": [1, 2, 3]})
    assert all(records == [1, 2, 3][: len(records)] for records in seen)
    assert {len(records) for records in seen} == {1, 2, 3}
    assert len(seen) < 60, "sometimes it dies before it has begun"


def test_t04_a_transform_out_of_time_gets_the_seconds_that_were_asked_for() -> None:
    given: list[float] = []
    faults = Faults(parse_faults("transform_timeout=1:1.5"))
    invoke = faulty_invoke(lambda _, seconds: given.append(seconds), 120.0, faults)
    invoke({"Records": []})
    faults.change(parse_faults(""))
    invoke({"Records": []})
    assert given == [1.5, 120.0]


@pytest.mark.parametrize(
    ("method", "path", "query", "signed", "refused"),
    [
        ("PUT", "/bucket/raw-data/x.gz", "", True, True),
        ("GET", "/bucket", "list-type=2&prefix=x", True, True),
        ("PUT", "/bucket", "", True, False),
        ("GET", "/bucket/x", "", True, False),
        ("PUT", "/other/service", "", False, False),
    ],
)
def test_f01_s3_refuses_what_concerns_objects(
    method: str, path: str, query: str, *, signed: bool, refused: bool
) -> None:
    reached: list[str] = []
    answered: list[str] = []

    def moto(environ: dict[str, Any], _: object) -> list[bytes]:
        reached.append(environ["PATH_INFO"])
        return [b""]

    def start_response(status: str, _: object) -> Any:
        answered.append(status)

    application = FaultyS3(moto, Faults(parse_faults("s3_down=1")))
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    scope = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/s3/aws4_request"
    signature = {"HTTP_AUTHORIZATION": scope} if signed else {}
    body = application({**environ, **signature}, start_response)
    assert bool(answered) is refused
    assert bool(reached) is not refused
    assert (b"<Code>" in b"".join(body)) is refused


def test_k08_resharding_splits_and_merges_neighbours() -> None:
    inner = FakeService()
    done = {reshard(inner, "s", share / 8) for share in range(8)}
    assert done == {"split", "merged"}
    assert {"SplitShard", "MergeShards"} <= set(inner.calls)


def test_the_control_changes_the_faults_and_counts_what_has_struck() -> None:
    faults = Faults(parse_faults("reset=1"))
    control = FaultControl(faults)
    faults.strikes("reset")
    assert control.call("Count", {})["Counts"] == {"reset": 1}
    assert control.call("Change", {"Faults": "expired=1,seed=2"}) == {"Faults": "expired=1.0,seed=2"}
    assert faults.strikes("expired")
    with pytest.raises(AwsError, match="did you mean reset"):
        control.call("Change", {"Faults": "rest=1"})
    with pytest.raises(AwsError, match="no operation"):
        control.call("Anything", {})


def test_data_stays_as_it_came() -> None:
    inner, service, _ = make("partial=0.5,seed=1")
    data = b64encode(bytes(range(256))).decode()
    service.call("PutRecord", {"StreamName": "s", "Data": data, "PartitionKey": "k"})
    assert inner.put == [data]
