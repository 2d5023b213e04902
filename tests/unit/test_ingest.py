"""A POST ends as the contract says: 200 is durable, the rest says what to do (K01 to K06, K11, K12)."""

import re

import pytest

from chalicelib import limits
from chalicelib.decode import Rules
from chalicelib.schemas import Schemas
from tests.fakes import FakeClock, FakeCounter, FakeKinesis
from tests.makers import body_of, make_ingest, make_request, post

TRACE_ID = "1-5759e988-bd862e3fe1be46a994272793"
ORDERED = Rules(Schemas({}), "/k")


def events(count: int, size_bytes: int = 10) -> bytes:
    return b"[" + b",".join(b'{"n":"%0*d"}' % (size_bytes - 8, n) for n in range(count)) + b"]"


def test_one_object_gets_exactly_the_receipt_of_kinesis() -> None:
    stream, counter = FakeKinesis(), FakeCounter()
    answer = post(make_ingest(stream), make_request(b'{"value":"30","type":"Tip 3"}\r\n'), counter=counter)
    assert (answer.status, body_of(answer)) == (
        200,
        {"SequenceNumber": "95", "ShardId": "shardId-000000000000"},
    )
    assert stream.calls[0][0].data == b'{"value":"30","type":"Tip 3"}\n'
    assert counter.totals["EventsAccepted"] == 1


def test_a_batch_gets_one_receipt_per_event_in_its_order() -> None:
    stream = FakeKinesis()
    answer = post(make_ingest(stream, pack_bytes=22), make_request(events(4)))
    assert body_of(answer)["FailedRecordCount"] == 0
    assert [record["SequenceNumber"] for record in body_of(answer)["Records"]] == ["95", "95", "96", "96"]
    assert [entry.partition_key for entry in stream.calls[0]] == ["hg1:id-1/0", "hg1:id-1/2"]


@pytest.mark.parametrize("size", [1, 2])
def test_an_array_gets_the_shape_of_a_batch_whatever_its_size(size: int) -> None:
    assert len(body_of(post(make_ingest(FakeKinesis()), make_request(events(size))))["Records"]) == size


@pytest.mark.parametrize("body", [b'{"a":1}', events(3), b"{", b"[]", b'{"a":NaN}', b"1"])
@pytest.mark.parametrize("flag", ["1", "true", "YES"])
def test_a_dry_run_answers_as_the_real_one_does_and_writes_nothing(body: bytes, flag: str) -> None:
    stream = FakeKinesis()
    dry = post(make_ingest(stream), make_request(body, {"dry_run": flag}))
    assert stream.calls == []
    real = post(make_ingest(stream), make_request(body))
    assert dry.status == real.status
    if dry.status == 200:
        assert body_of(dry) == {"Valid": len(stream.lines)}
    else:
        assert body_of(dry) == body_of(real)


def test_d08_one_bad_event_among_good_ones_stops_the_first_write() -> None:
    stream, counter = FakeKinesis(), FakeCounter()
    answer = post(
        make_ingest(stream), make_request(b"{}\n[]\n{}", content_type="application/x-ndjson"), counter=counter
    )
    assert (answer.status, body_of(answer)["Errors"][0]["Index"], stream.calls) == (400, 1, [])
    assert counter.reasons["RequestsRejected", "InvalidEvent"] == 1


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"idempotency_key": "order 17"}, "order 17"),
        ({"idempotency_key": "k" * 200, "x_amzn_trace_id": f"Root={TRACE_ID}"}, "k" * 200),
        ({"idempotency_key": "hg1:order 17"}, "hg1:order 17"),
        ({"idempotency_key": "hg1:"}, "hg1:"),
        ({"x_amzn_trace_id": f"Root={TRACE_ID}"}, "id-1"),
        ({}, "id-1"),
    ],
)
def test_k06_the_event_id_is_the_partition_key(headers: dict[str, str], key: str) -> None:
    stream = FakeKinesis()
    post(make_ingest(stream), make_request(b"{}", **headers))
    post(make_ingest(stream, pack_bytes=0), make_request(b"[{},{}]", **headers))
    assert [entry.partition_key for call in stream.calls for entry in call] == [
        f"hg1:{own}" for own in (key, f"{key}/0", f"{key}/1")
    ]


def test_k06_requests_of_one_traced_client_have_ids_of_their_own() -> None:
    stream = FakeKinesis()
    ingest = make_ingest(stream)
    for number in range(3):
        traced = make_request(b"{}", x_amzn_trace_id=f"Root={TRACE_ID}")._replace(unique_id=f"JJb{number}=")
        assert post(ingest, traced).status == 200
    assert [entry.partition_key for call in stream.calls for entry in call] == [
        "hg1:JJb0=",
        "hg1:JJb1=",
        "hg1:JJb2=",
    ]


@pytest.mark.parametrize("key", ["", "k" * 201, "é", "a\nb", "\x00", "\x7f"])
def test_k06_g09_a_bad_idempotency_key_is_refused_before_the_first_write(key: str) -> None:
    stream = FakeKinesis()
    answer = post(make_ingest(stream), make_request(b"{}", idempotency_key=key))
    assert (answer.status, body_of(answer)["Code"], stream.calls) == (400, "InvalidIdempotencyKey", [])


def test_k06_the_ordering_field_picks_the_shard_and_the_id_stays() -> None:
    stream = FakeKinesis()
    post(make_ingest(stream, rules=ORDERED), make_request(b'[{"k":"u1"},{"k":"u2"},{"k":"u1"},{}]'))
    first, second, free = (entry for call in stream.calls for entry in call)
    assert first.data == b'{"k":"u1"}\n{"k":"u1"}\n'
    keys = [entry.partition_key for entry in (first, second, free)]
    assert keys == ["hg1:id-1/0", "hg1:id-1/1", "hg1:id-1/3"]
    # The MD5 of the key's text.
    assert first.explicit_hash_key == str(0xE4774CDDA0793F86414E8B9140BB6DB4)
    assert second.explicit_hash_key == str(0x270C1B084F3F146EB5787075158D9C53)
    assert free.explicit_hash_key is None


def test_k06_an_empty_text_is_an_ordering_key_too() -> None:
    stream = FakeKinesis()
    post(make_ingest(stream, rules=ORDERED), make_request(b'{"k":""}'))
    assert stream.calls[0][0].explicit_hash_key is not None


def test_k06_ordering_keys_spread_over_the_whole_hash_range() -> None:
    stream = FakeKinesis()
    body = b"[" + b",".join(b'{"k":"user-%d"}' % n for n in range(400)) + b"]"
    post(make_ingest(stream, rules=ORDERED), make_request(body))
    quarters = [int(entry.explicit_hash_key or -1) >> 126 for call in stream.calls for entry in call]
    assert min(quarters.count(quarter) for quarter in range(4)) > 60


def test_k01_only_the_failed_records_are_sent_again_with_the_same_id_and_bytes() -> None:
    stream = FakeKinesis(["stored", "throttled", "stored"])
    answer = post(make_ingest(stream, pack_bytes=0), make_request(events(3)))
    assert answer.status == 200
    assert stream.calls[1] == [stream.calls[0][1]]
    assert [record["SequenceNumber"] for record in body_of(answer)["Records"]] == ["95", "97", "96"]


def test_k02_a_stream_at_its_limit_is_429_within_the_budget_of_waiting() -> None:
    stream, clock, counter = FakeKinesis(["throttled"] * 1000), FakeClock(), FakeCounter()
    answer = post(make_ingest(stream, clock), make_request(b"{}"), counter=counter)
    assert (answer.status, body_of(answer)["Code"]) == (429, "Throttled")
    assert int(answer.headers["Retry-After"]) >= 1
    assert sum(clock.slept_s) <= 10.0
    assert counter.reasons["EventsNotStored", "ProvisionedThroughputExceededException"] == 1
    assert counter.totals["EventsAccepted"] == 0


def test_k03_a_lost_answer_becomes_a_copy_with_the_same_id_and_bytes() -> None:
    stream = FakeKinesis(["lost"])
    assert post(make_ingest(stream), make_request(b'{"a":1}')).status == 200
    (_, first), (_, second) = stream.stored
    assert first == second


def test_k04_the_calls_of_one_request_are_bounded() -> None:
    stream = FakeKinesis(["unavailable"] * 1000)
    answer = post(make_ingest(stream), make_request(b"{}"))
    assert (answer.status, len(stream.calls)) == (503, 12)


def test_k01_a_part_that_stays_out_is_503_with_each_items_receipt_or_code() -> None:
    stream = FakeKinesis(["stored", "misconfigured"])
    answer = post(make_ingest(stream, pack_bytes=0), make_request(events(2)))
    body = body_of(answer)
    assert (answer.status, body["Code"], body["FailedRecordCount"]) == (503, "Unavailable", 1)
    assert body["Records"][0]["SequenceNumber"] == "95"
    assert body["Records"][1] == {"ErrorCode": "Misconfigured"}
    assert int(answer.headers["Retry-After"]) == 30


def test_k09_the_text_of_aws_never_reaches_the_client() -> None:
    for fault in ("throttled", "unavailable", "misconfigured", "lost"):
        answer = post(make_ingest(FakeKinesis([fault] * 99)), make_request(b"{}"))
        assert not re.search(rb"Exception|Failure\b|KMS|Timeout", answer.body)


@pytest.mark.parametrize("seconds", [0.0, 4.9])
def test_k12_without_time_for_a_call_nothing_is_sent_and_the_answer_is_503(seconds: float) -> None:
    stream = FakeKinesis()
    answer = post(make_ingest(stream), make_request(events(2)), seconds)
    assert (answer.status, stream.calls) == (503, [])
    assert body_of(answer)["Records"] == [{"ErrorCode": "NotAttempted"}] * 2


def test_k12_near_the_deadline_the_rest_is_named_as_not_attempted() -> None:
    clock = FakeClock()
    stream = FakeKinesis(clock=clock, took_s=3.0)
    body = b'[{"k":"a","n":1},{"k":"a","n":2},{"k":"a","n":3}]'
    answer = post(make_ingest(stream, clock, ORDERED, pack_bytes=0), make_request(body), seconds=9.0)
    assert answer.status == 503
    assert [record.get("ErrorCode") for record in body_of(answer)["Records"]] == [None, None, "NotAttempted"]


def test_k05_a_full_request_of_the_largest_events_keeps_the_limits_of_the_calls() -> None:
    stream = FakeKinesis()  # which asserts them
    body = b"[" + b",".join(b'{"a":"%s"}' % (b"x" * (limits.EVENT_MAX_BYTES - 8)) for _ in range(4)) + b"]"
    assert len(stream.lines) == 0
    assert post(make_ingest(stream), make_request(body)).status == 200
    assert len(stream.lines) == 4


def test_k11_nothing_is_kept_between_two_requests() -> None:
    stream = FakeKinesis(["throttled"] * 12)
    ingest = make_ingest(stream)
    assert post(ingest, make_request(b'{"n":1}')).status == 429
    assert post(ingest, make_request(b'{"n":2}')).status == 200
    assert stream.lines == [b'{"n":2}']


def test_k03_i2_after_a_lost_answer_nobody_says_that_nothing_was_written() -> None:
    stream = FakeKinesis(["lost"] + ["throttled"] * 99)
    answer = post(make_ingest(stream), make_request(b"{}"))
    assert len(stream.stored) == 1
    assert (answer.status, body_of(answer)["Code"]) == (503, "Unavailable")


@pytest.mark.parametrize(
    ("flag", "written"), [("0", 1), ("false", 1), ("NO", 1), ("maybe", 0), ("2", 0), ("1,0", 0)]
)
def test_an_unclear_dry_run_is_refused_instead_of_written(flag: str, written: int) -> None:
    stream = FakeKinesis()
    answer = post(make_ingest(stream), make_request(b"{}", {"dry_run": flag}))
    assert (len(stream.stored), answer.status) == (written, 200 if written else 400)


@pytest.mark.parametrize("name", ["dryrun", "DRY_RUN", "dry-run", "dryRun"])
def test_a_dry_run_by_another_name_is_refused_instead_of_written(name: str) -> None:
    stream = FakeKinesis()
    answer = post(make_ingest(stream), make_request(b"{}", {name: "1"}))
    assert (len(stream.stored), answer.status, body_of(answer)["Code"]) == (0, 400, "InvalidParameter")


def test_white_space_around_an_idempotency_key_is_no_part_of_it() -> None:
    stream = FakeKinesis()
    post(make_ingest(stream), make_request(b"{}", idempotency_key=" order 7\t"))
    assert stream.stored[0][1].partition_key == "hg1:order 7"
    answer = post(make_ingest(stream), make_request(b"{}", idempotency_key="  "))
    assert body_of(answer)["Code"] == "InvalidIdempotencyKey"
