"""The Kinesis stream."""

from headgate.infra.intrinsics import Json, resource, tags
from headgate.settings import StageSettings, names_of


def stream(settings: StageSettings) -> dict[str, Json]:
    """Make the stream: provisioned or on-demand, encrypted, kept when the stack goes (O03).

    RetainExceptOnCreate: a first deploy that fails leaves nothing that would stand in the second one's way.
    """
    mode = "ON_DEMAND" if settings.on_demand else "PROVISIONED"
    properties: Json = {
        "Name": names_of(settings).stream,
        "StreamModeDetails": {"StreamMode": mode},
        "RetentionPeriodHours": settings.retention_hours,
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"},
        "Tags": tags(settings),
    }
    if not settings.on_demand:
        properties["ShardCount"] = settings.shards
    kept = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    return {"Stream": resource("AWS::Kinesis::Stream", properties, **kept)}
