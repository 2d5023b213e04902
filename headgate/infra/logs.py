"""Log groups: declared by us, because Chalice's setting for the REST handler names the wrong one."""

from headgate.infra.intrinsics import Json, ref, resource, tags
from headgate.settings import StageSettings, names_of


def log_groups(settings: StageSettings) -> dict[str, Json]:
    """Make one group for each function, one for the API's access log, one for both delivery streams."""
    names = names_of(settings)
    groups = {
        "IngestLogs": f"/aws/lambda/{names.ingest_function}",
        "TransformLogs": f"/aws/lambda/{names.transform_function}",
        "AccessLogs": f"/headgate/{settings.stage}/access",
        "DeliveryLogs": f"/headgate/{settings.stage}/delivery",
    }
    made = {logical: _group(settings, name) for logical, name in groups.items()}
    for kind in ("Raw", "Curated"):
        made[f"{kind}DeliveryLog"] = resource(
            "AWS::Logs::LogStream", {"LogGroupName": ref("DeliveryLogs"), "LogStreamName": kind.lower()}
        )
    return made


def _group(settings: StageSettings, name: str) -> Json:
    properties = {
        "LogGroupName": name,
        "RetentionInDays": settings.log_retention_days,
        "Tags": tags(settings),
    }
    return resource("AWS::Logs::LogGroup", properties)
