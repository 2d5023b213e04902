"""The destinations over loopback: partial failures, refusals, throttling, lost answers (A08, A09)."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from chalicelib.retry import Failure, Success
from headgate.agent.batching import OutgoingBatch, Unit
from headgate.agent.compose import make_metrics, make_sink, probe_destination
from headgate.agent.config.load import load
from headgate.agent.config.model import AgentConfig
from headgate.agent.convert.build import build_chain
from headgate.agent.delivery import Ready
from headgate.agent.sending import CallResult, Delivered, Sender
from headgate.agent.sinks.aws import make_client
from headgate.agent.sinks.records import RefusedLine, Sink
from headgate.agent.tail.disk import RealDisk
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.identity import Inode
from tests.agent_endpoint import Endpoint, Reply, aws_settings, endpoint
from tests.agent_rig import AROUND, Rig


@pytest.fixture
def target() -> Iterator[Endpoint]:
    with endpoint() as running:
        yield running


def settings_of(url: str, **flow: Any) -> AgentConfig:
    settings = {**aws_settings(url), "flows": [{"filePattern": "/nowhere/x", **flow}]}
    loaded = load(
        json.dumps(settings),
        {},
        cores=2,
        check_options=lambda options: build_chain(options, AROUND),
        read_secret=lambda _path: "",
    )
    assert loaded.settings is not None, loaded.problems
    return loaded.settings


STS_ANSWER = b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def sink_of(target: Endpoint, **flow: Any) -> Sink:
    settings = settings_of(target.url, **flow)
    return make_sink(settings, settings.flows[0])


def unit(*lines: bytes, start: int = 0, ordering: str | None = None) -> Unit:
    file = TailedFile(RealDisk(), -1, "/nowhere/x", Inode(1, 2))
    file.name("k", 0)
    starts = [start + sum(map(len, lines[:i])) for i in range(len(lines))]
    size = sum(map(len, lines))
    return Unit(file, start, start + size, list(lines), starts, size, ordering)


def test_kinesis_records_carry_the_event_id_as_their_partition_key(target: Endpoint) -> None:
    sink = sink_of(target, kinesisStream="s")
    assert sink.send([unit(b"a\n"), unit(b"b\n", b"c\n", start=2)]) == [Success(), Success()]
    assert target.lines == [("k/0", b"a\n"), ("k/2", b"b\n"), ("k/2#2", b"c\n")]
    assert json.loads(target.requests[0][1])["StreamName"] == "s"


def test_deterministic_keys_are_the_md5_of_the_record(target: Endpoint) -> None:
    sink_of(target, kinesisStream="s", partitionKeyOption="DETERMINISTIC").send([unit(b"a\n")])
    record = json.loads(target.requests[0][1])["Records"][0]
    # The original's key, without our mark: equal lines are two events all the same.
    assert record["PartitionKey"] == "60b725f10c9c85c70d97880dfe8191b3"


def test_an_ordering_key_chooses_the_shard_and_leaves_the_id_alone(target: Endpoint) -> None:
    sink_of(target, kinesisStream="s", orderingField="user").send([unit(b"a\n", ordering="u1")])
    record = json.loads(target.requests[0][1])["Records"][0]
    assert record["PartitionKey"] == "hg1:k/0"
    assert 0 <= int(record["ExplicitHashKey"]) < 2**128


def test_failed_records_of_a_call_are_told_from_the_good_ones(target: Endpoint) -> None:
    throttled = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"}
    answer = {"FailedRecordCount": 1, "Records": [{"SequenceNumber": "1", "ShardId": "s"}, throttled]}
    target.fault = lambda _n, _k, _b: Reply(200, answer)
    outcomes = sink_of(target, kinesisStream="s").send([unit(b"a\n"), unit(b"b\n")])
    assert outcomes[0] == Success()
    assert isinstance(outcomes[1], Failure)
    assert (outcomes[1].code, outcomes[1].passing) == ("Throttled", True)


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "AccessDeniedException", "KMSThrottlingException"]
)
def test_what_a_person_has_to_mend_is_tried_again_for_ever(target: Endpoint, code: str) -> None:
    target.fault = lambda _n, _k, _b: Reply(400, {"__type": code, "message": "no"})
    (outcome,) = sink_of(target, kinesisStream="s").send([unit(b"a\n")])
    assert isinstance(outcome, Failure)
    assert outcome.passing
    assert code in outcome.cause


def test_a09_a_poison_record_is_found_by_halves_and_the_others_arrive(target: Endpoint) -> None:
    poison = "UE9JU09O"  # "POISON" in base64

    def refuse(_number: int, _key: str, body: bytes) -> Reply | None:
        bad = {"__type": "ValidationException", "message": "a record is bad"}
        return Reply(400, bad) if poison.encode() in body else None

    target.fault = refuse
    sink = sink_of(target, kinesisStream="s")
    units = [unit(b"POISON\n" if n == 5 else b"%d\n" % n, start=10 * n) for n in range(8)]
    outcomes = sink.send(units)
    assert [line for _, line in target.lines] == [b"%d\n" % n for n in range(8) if n != 5]
    assert outcomes[5] == Success([RefusedLine(0, "ValidationException", "a record is bad")])


def test_a_destination_that_never_took_anything_keeps_a_refused_line(target: Endpoint) -> None:
    target.fault = lambda _n, _k, _b: Reply(400, {"__type": "ValidationException", "message": "bad name"})
    (outcome,) = sink_of(target, kinesisStream="s").send([unit(b"a\n")])
    assert isinstance(outcome, Failure)
    assert outcome.passing


def test_firehose_gets_one_record_per_unit(target: Endpoint) -> None:
    assert sink_of(target, deliveryStream="d").send([unit(b"a\n", b"b\n")]) == [Success()]
    assert json.loads(target.requests[0][1]) == {"DeliveryStreamName": "d", "Records": [{"Data": "YQpiCg=="}]}


def test_http_carries_the_event_id_as_idempotency_key_and_the_api_key(target: Endpoint) -> None:
    sink = sink_of(target, httpEndpoint=f"{target.url}/v1", httpApiKey="secret")
    assert sink.send([unit(b'{"a":1}\n', b'{"a":2}\n', start=7)]) == [Success([])]
    assert target.requests == [("k/7", b'{"a":1}\n{"a":2}\n')]
    sink.close()


def test_http_takes_out_the_lines_that_the_server_names_and_sends_the_rest(target: Endpoint) -> None:
    errors = [{"Index": 1, "Code": "SchemaViolation", "Pointer": "/a", "Message": "not a number"}]

    def refuse(_number: int, _key: str, body: bytes) -> Reply | None:
        return Reply(400, {"Code": "InvalidEvent", "Errors": errors}) if b"bad" in body else None

    target.fault = refuse
    sink = sink_of(target, httpEndpoint=f"{target.url}/v1")
    assert sink.send([unit(b'{"a":1}\n', b'{"a":"bad"}\n', b'{"a":3}\n')]) == [
        Success([RefusedLine(1, "SchemaViolation", "not a number")])
    ]
    assert [key for key, _ in target.requests] == ["k/0", "k/0/good"]
    assert [line for _, line in target.lines] == [b'{"a":1}\n', b'{"a":3}\n']
    sink.close()


def test_a09_http_413_is_split_down_to_the_line_that_is_too_large(target: Endpoint) -> None:
    target.fault = lambda _n, _k, body: (
        Reply(413, {"Code": "TooLarge", "RequestId": "r"}) if len(body) > 20 else None
    )
    sink = sink_of(target, httpEndpoint=f"{target.url}/v1")
    lines = [b'{"a":1}\n', b'{"a":2}\n', b'{"a":"much too large"}\n', b'{"a":4}\n']
    assert sink.send([unit(*lines)]) == [Success([RefusedLine(2, "http_413", "413 TooLarge")])]
    assert sorted(line for _, line in target.lines) == [b'{"a":1}\n', b'{"a":2}\n', b'{"a":4}\n']
    taken = [key for key, body in target.requests if len(body) <= 20]
    assert len(set(taken)) == len(taken)
    sink.close()


@pytest.mark.parametrize(
    ("reply", "code", "floor_s"),
    [
        (Reply(429, headers={"Retry-After": "7"}), "Throttled", 7.0),
        (Reply(503, {"Code": "Unavailable"}, {"Retry-After": "2"}), "Unavailable", 2.0),
        (Reply(500), "Unavailable", 0.0),
        (Reply(403, {"Code": "Forbidden"}), "Misconfigured", 0.0),
        (Reply(404), "Misconfigured", 0.0),
        (Reply(408), "Unavailable", 0.0),
        (Reply(200, hang_up=True), "Unavailable", 0.0),
    ],
)
def test_a08_every_other_answer_of_http_is_tried_again(
    target: Endpoint, reply: Reply, code: str, floor_s: float
) -> None:
    target.fault = lambda _n, _k, _b: reply
    sink = sink_of(target, httpEndpoint=f"{target.url}/v1")
    (outcome,) = sink.send([unit(b'{"a":1}\n')])
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.passing, outcome.retry_after_s) == (code, True, floor_s)
    sink.close()


RECEIPT = {"SequenceNumber": "1", "ShardId": "s"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html>Welcome</html>", "text/html"),
        (b"", "text/html"),
        ({}, "without receipts"),
        ({"Valid": 2}, "dry run"),
        ({"FailedRecordCount": 0, "Records": []}, "0 receipts for 2 events"),
        ({"FailedRecordCount": 0, "Records": [RECEIPT]}, "1 receipt for 2 events"),
        ({"FailedRecordCount": 0, "Records": [RECEIPT, {}]}, "1 receipt for 2 events"),
        ({"FailedRecordCount": 0, "Records": [RECEIPT] * 3}, "3 receipts for 2 events"),
        ({"FailedRecordCount": 1, "Records": [RECEIPT, RECEIPT]}, "FailedRecordCount 1"),
        ({"Records": [RECEIPT, RECEIPT]}, "without a FailedRecordCount of 0"),
        (RECEIPT, "without receipts"),
    ],
)
def test_a08_a_200_without_a_receipt_for_every_event_acknowledges_nothing(
    target: Endpoint, answer: dict[str, Any] | bytes, said: str
) -> None:
    target.fault = lambda _n, _k, _b: Reply(200, answer)
    sink = sink_of(target, httpEndpoint=f"{target.url}/v1")
    (outcome,) = sink.send([unit(b'{"a":1}\n', b'{"a":2}\n')])
    assert isinstance(outcome, Failure)
    assert outcome.passing
    assert said in outcome.cause
    assert "Welcome" not in outcome.cause
    # It has proven nothing either: a 400 that names no line is still nobody's fault but the endpoint's.
    target.fault = lambda _n, _k, _b: Reply(400)
    (outcome,) = sink.send([unit(b'{"a":1}\n')])
    assert isinstance(outcome, Failure)
    sink.close()


def test_a_single_event_and_a_blank_line_have_one_receipt(target: Endpoint) -> None:
    target.fault = lambda _n, _k, _b: Reply(200, RECEIPT)
    sink = sink_of(target, httpEndpoint=f"{target.url}/v1")
    assert sink.send([unit(b'{"a":1}\n', b" \n")]) == [Success([])]
    sink.close()


def test_an_event_that_the_server_names_is_found_among_blank_lines(target: Endpoint) -> None:
    errors = [{"Index": 1, "Code": "SchemaViolation", "Message": "no"}]
    replies = [Reply(400, {"Code": "InvalidEvent", "Errors": errors}), Reply(200, RECEIPT)]
    target.fault = lambda n, _k, _b: replies[n]
    sink = sink_of(target, httpEndpoint=f"{target.url}/v1")
    assert sink.send([unit(b" \n", b'{"a":1}\n', b"\n", b'{"a":2}\n')]) == [
        Success([RefusedLine(3, "SchemaViolation", "no")])
    ]
    sink.close()


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (200, "", None),
        (400, "ResourceNotFoundException", "error: there is no kinesis stream s"),
        (400, "UnrecognizedClientException", "error: the credentials cannot be used"),
        (400, "AccessDeniedException", "warning: it is not known whether the kinesis stream s is there"),
    ],
)
def test_check_asks_whether_the_stream_is_there(
    target: Endpoint, status: int, code: str, said: str | None
) -> None:
    target.fault = lambda _n, _k, _b: Reply(
        status, {"__type": code} if code else {"StreamDescriptionSummary": {}}
    )
    settings = settings_of(target.url, kinesisStream="s")
    found = probe_destination(settings, settings.flows[0])
    assert found is None if said is None else found is not None and found.startswith(said)


def test_no_metrics_go_to_aws_when_the_records_go_elsewhere(target: Endpoint) -> None:
    settings = settings_of(target.url, kinesisStream="s")
    elsewhere = replace(settings, aws=replace(settings.aws, cloudwatch_endpoint=None))
    for config, sends in ((settings, True), (elsewhere, False)):
        metrics = make_metrics(config)
        metrics.add("KinesisStream:s", "RecordsSent", 1)
        assert bool(metrics._statistics) == sends


def test_a_role_needs_no_region_beside_that_of_the_stream(
    target: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    target.fault = lambda _n, _k, _b: Reply(200, STS_ANSWER)
    settings = settings_of(target.url, kinesisStream="s")
    aws = replace(settings.aws, role_arn="arn:aws:iam::123456789012:role/r", sts_endpoint=target.url)
    client = make_client(aws, "kinesis", endpoint=None, region="eu-west-1")
    assert client.meta.region_name == "eu-west-1"
    assert b"AssumeRole" in target.requests[0][1]


@pytest.mark.parametrize("flow", [{"kinesisStream": "s"}, {"deliveryStream": "d"}])
@pytest.mark.parametrize(
    "answer",
    [
        {},
        b"<html></html>",
        {"Records": [{}], "RequestResponses": [{}]},
        {"Records": [RECEIPT], "RequestResponses": [{"RecordId": "1"}]},
        {"Records": [{}, {}], "RequestResponses": [{}, {}]},
    ],
)
def test_a_200_of_something_that_is_no_aws_endpoint_acknowledges_no_record(
    target: Endpoint, flow: dict[str, Any], answer: dict[str, Any] | bytes
) -> None:
    target.fault = lambda _n, _k, _b: Reply(200, answer)
    outcomes = sink_of(target, **flow).send([unit(b"a\n"), unit(b"b\n")])
    assert [isinstance(outcome, Failure) and outcome.passing for outcome in outcomes] == [True, True]


def test_a08_a_server_that_throttles_and_hangs_up_gets_every_line_in_the_end(
    target: Endpoint, tmp_path: Path
) -> None:
    script = [Reply(429), Reply(200, hang_up=True, take=True), Reply(503), None]
    target.fault = lambda number, _k, _b: script[min(number, 3)]
    settings = settings_of(
        target.url, httpEndpoint=f"{target.url}/v1", retryInitialBackoffMillis=1, retryMaxBackoffMillis=5
    )
    rig = Rig(settings.flows[0], raw_directory=tmp_path).start()
    results: SimpleQueue[CallResult | Delivered] = SimpleQueue()
    sender = Sender(rig.pipeline, make_sink(settings, rig.flow), 2, results, lambda: None)
    batch = OutgoingBatch(0.0, units=[unit(b'{"a":1}\n')])
    rig.pipeline.in_flight = 1
    sender.submit(Ready(rig.pipeline, batch))
    seen: list[CallResult | Delivered] = []
    while not (seen and isinstance(seen[-1], Delivered)):
        seen.append(results.get(timeout=20))
    sender.stop(time.monotonic() + 5)
    assert len(target.requests) == 4
    assert set(target.lines) == {("k/0", b'{"a":1}\n')}
