"""What a stage's resources are called, and the functions' environment variables, which carry these names.

A bucket's name is a pattern until its account is known. chalicelib/config.py reads the variables;
`.chalice/config.json` carries them, so that a plain `chalice deploy` needs nothing of ours. `infra render`
writes them there and a test holds the two together.
"""

from dataclasses import replace
from typing import NamedTuple

from headgate.settings.model import StageSettings

APP = "headgate"


class Names(NamedTuple):
    """Names of one stage; `bucket` holds `{account}` and `{region}` unless it is overridden."""

    stream: str
    raw: str
    curated: str
    bucket: str
    ingest_function: str
    transform_function: str
    database: str
    table: str
    data_stack: str


def names_of(settings: StageSettings) -> Names:
    """Source of the functions' names: chalice 1.34, deploy/appgraph.py: <app>-<stage>[-<handler>]."""
    base, wanted = f"{APP}-{settings.stage}", settings.names
    return Names(
        stream=wanted.stream or base,
        # The archive's delivery stream cannot be given another stream, only replaced: its name follows.
        raw=wanted.raw or f"{wanted.stream or base}-raw",
        curated=wanted.curated or f"{base}-curated",
        bucket=wanted.bucket or f"{base}-{{account}}-{{region}}",
        ingest_function=base,
        transform_function=f"{base}-transform",
        database=base.replace("-", "_"),
        table="curated",
        data_stack=f"{base}-data",
    )


def in_place(settings: StageSettings, account: str, region: str) -> StageSettings:
    """Return the settings with the bucket's name written out: CloudFormation imports literal names only.

    Source: CloudFormation user guide, import resources automatically: "the resource must have a static custom
    name".
    """
    bucket = fill_bucket(names_of(settings).bucket, account, region)
    return replace(settings, names=replace(settings.names, bucket=bucket))


def fill_bucket(pattern: str, account: str, region: str) -> str:
    """Make the bucket's name for one account and region."""
    return pattern.replace("{account}", account).replace("{region}", region)


def environment(settings: StageSettings) -> dict[str, str]:
    """Name to value, all text; an empty value is "off"."""
    names = names_of(settings)
    return {
        "HEADGATE_STAGE": settings.stage,
        "HEADGATE_STREAM": names.stream,
        "HEADGATE_DELIVERY_STREAM": names.curated,
        "HEADGATE_BUCKET": names.bucket,
        "HEADGATE_AUTH": settings.auth,
        "HEADGATE_CORS_ORIGINS": ",".join(settings.cors_origins),
        "HEADGATE_ORDERING_FIELD": settings.ordering_field or "",
        "HEADGATE_PACK_BYTES": str(settings.pack_bytes),
        "HEADGATE_CURATED_FORMAT": settings.curated.format,
        "HEADGATE_UNKNOWN_TYPES": settings.unknown_types,
        "HEADGATE_BATCH_SIZE": str(settings.mapping.batch_size),
        "HEADGATE_BATCH_WINDOW_S": str(settings.mapping.window_s),
    }
