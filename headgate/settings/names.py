"""What a stage's resources are called. A bucket's name is a pattern until its account is known."""

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
        raw=wanted.raw or f"{base}-raw",
        curated=wanted.curated or f"{base}-curated",
        bucket=wanted.bucket or f"{base}-{{account}}-{{region}}",
        ingest_function=base,
        transform_function=f"{base}-transform",
        database=base.replace("-", "_"),
        table="curated",
        data_stack=f"{base}-data",
    )


def fill_bucket(pattern: str, account: str, region: str) -> str:
    """Make the bucket's name for one account and region."""
    return pattern.replace("{account}", account).replace("{region}", region)
