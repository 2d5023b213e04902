"""The small evaluator of intrinsic functions, and the plan of the local run that is read with it."""

from typing import Any

import pytest

from headgate.infra.template.resolve import ResolveError, partition_of, resolve
from headgate.local.plan import local_plan
from headgate.settings import parse_settings

ACCOUNT, REGION = "123456789012", "eu-west-1"
STREAM = {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "s"}}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "b-${AWS::AccountId}"}}}


def value_of(expression: Any, region: str = REGION) -> Any:
    template = {"Resources": {"S": STREAM, "B": BUCKET, "X": {"Type": "T", "Properties": {"V": expression}}}}
    return resolve(template, ACCOUNT, region)["X"]["Properties"]["V"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "AWS::AccountId"}, ACCOUNT),
        ({"Ref": "S"}, "s"),
        ({"Ref": "B"}, f"b-{ACCOUNT}"),
        ({"Fn::GetAtt": ["S", "Arn"]}, f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"),
        ({"Fn::Sub": "${B.Arn}/raw-data/*"}, f"arn:aws:s3:::b-{ACCOUNT}/raw-data/*"),
        ({"Fn::Sub": "dt=${!dt}/${S}"}, "dt=${dt}/s"),
        ({"Fn::Sub": ["${A}-${S}", {"A": {"Ref": "AWS::Region"}}]}, f"{REGION}-s"),
        ({"Fn::Join": ["-", ["a", {"Ref": "S"}]]}, "a-s"),
        ([{"Ref": "S"}, 1, None], ["s", 1, None]),
        ({"a": {"Ref": "S"}, "b": True}, {"a": "s", "b": True}),
        ("!{timestamp:yyyy}", "!{timestamp:yyyy}"),
    ],
)
def test_an_intrinsic_is_evaluated(expression: Any, value: Any) -> None:
    assert value_of(expression) == value


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ({"Fn::ImportValue": "x"}, "cannot evaluate Fn::ImportValue 'x'"),
        ({"Ref": "Nobody"}, "the template has no resource 'Nobody'"),
        ({"Fn::GetAtt": ["S", "StreamId"]}, "cannot evaluate Fn::GetAtt"),
        ({"Fn::Sub": "${X.Arn}"}, "cannot make the ARN of X, a T"),
    ],
)
def test_what_it_does_not_know_is_named_and_not_guessed(expression: Any, sentence: str) -> None:
    with pytest.raises(ResolveError, match=sentence.replace("(", r"\(")):
        value_of(expression)


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov")])
def test_the_partition_follows_the_region(region: str, partition: str) -> None:
    assert partition_of(region) == partition
    assert value_of({"Ref": "AWS::Partition"}, region) == partition


@pytest.mark.parametrize(
    "block", [{}, {"curated": {"format": "parquet"}}, {"on_demand": True}, {"direct": True}]
)
def test_the_local_plan_holds_no_intrinsic_and_the_settings(block: dict[str, Any]) -> None:
    plan = local_plan(parse_settings("prod", block | {"mapping": {"batch_size": 7}}), ACCOUNT, REGION)
    assert "Fn::" not in repr(plan)
    assert "'Ref'" not in repr(plan)
    assert plan.mapping["BatchSize"] == 7
    assert [each["DeliveryStreamName"] for each in plan.deliveries] == [
        "headgate-prod-raw",
        "headgate-prod-curated",
    ]
    assert plan.bucket == f"headgate-prod-{ACCOUNT}-{REGION}"
    assert ("ShardCount" in plan.stream) is not block.get("on_demand", False)
    ((name, table),) = plan.tables.items()
    columnar = "curated" in block
    assert name == ("headgate_prod", "curated_parquet" if columnar else "curated_ndjson")
    assert table["StorageDescriptor"]["Columns"][0]["Name"] == ("event_id" if columnar else "line")
