"""What is merged over the SAM template that Chalice packages: the functions' roles and the mapping.

Chalice's merge joins objects and replaces lists and texts; it deletes nothing. An intrinsic must therefore
be merged over the same intrinsic (O01). Logical ids are Chalice's: APIHandler, RestAPI, ApiHandlerRole,
Transform, TransformRole.
"""

from headgate.infra.api import rest_api
from headgate.infra.functions import ingest_statements, mapping, transform_statements
from headgate.infra.intrinsics import Json, tag_map, tags
from headgate.infra.roles import policy
from headgate.settings import StageSettings, names_of

EVENT_SOURCE = "TransformKinesisEventSource"


def overlay(settings: StageSettings) -> dict[str, Json]:
    """Make the parts of `Resources` that complete Chalice's own."""
    names = names_of(settings)
    event = {"Properties": mapping(settings)}
    return {
        "APIHandler": _function(settings, names.ingest_function, "IngestLogs", {}),
        "Transform": _function(
            settings, names.transform_function, "TransformLogs", {"Events": {EVENT_SOURCE: event}}
        ),
        "ApiHandlerRole": _role(settings, ingest_statements(settings)),
        "TransformRole": _role(settings, transform_statements(settings)),
        "RestAPI": rest_api(settings),
    }


def _function(settings: StageSettings, name: str, log_group: str, properties: Json) -> Json:
    # The stream's name is a plain text in Chalice's mapping, so the order of creation has to be said (O02).
    return {
        "DependsOn": ["Stream", "CuratedDelivery", log_group],
        "Properties": {"FunctionName": name, "Tags": tag_map(settings), **properties},
    }


def _role(settings: StageSettings, statements: list[Json]) -> Json:
    return {"Properties": {"Policies": [policy("function", statements)], "Tags": tags(settings)}}
