"""What a stack tells: the names that producers, readers and the other commands need."""

from headgate.infra.intrinsics import Json, ref, sub
from headgate.settings import StageSettings


def outputs(settings: StageSettings) -> dict[str, Json]:
    """Make the outputs of the data plane; each has a sentence."""
    made = {
        "StreamName": ("The Kinesis stream: `aws kinesis put-record --stream-name`", ref("Stream")),
        "BucketName": ("The bucket with raw-data/, curated/ and quarantine/", ref("Bucket")),
        "RawDeliveryStreamName": ("The archive's delivery stream", ref("RawDelivery")),
        "CuratedDeliveryStreamName": ("The delivery stream of curated/", ref("CuratedDelivery")),
        "TableName": ("The Glue table, for Athena", sub("${Database}.${Table}")),
        "AlarmTopicArn": ("Every alarm tells this SNS topic", ref("AlarmTopic")),
        "DashboardUrl": (
            "The path from left to right",
            sub(
                "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
                "#dashboards:name=${Dashboard}"
            ),
        ),
    }
    if settings.direct:
        url = sub(
            f"https://${{DirectAPI}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{settings.stage}/v1"
        )
        made["DirectUrl"] = ("POST /v1 without Lambda", url)
    return {name: {"Description": text, "Value": value} for name, (text, value) in made.items()}
