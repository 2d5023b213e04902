"""What a local run was asked for, as it goes from the command line to the processes, and who it is.

The account and keys of the local endpoint stand here, with the variables by which any AWS program finds it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from headgate.local.plan import StagePlan, load_plan

ACCOUNT = "123456789012"  # moto's
KEY_ID = "local"
SECRET = "local"  # noqa: S105 - the local endpoint checks no signature


def environment(endpoint_url: str, region: str) -> dict[str, str]:
    """What to set for boto3, the AWS CLI and every program of ours."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": region,
    }


@dataclass(frozen=True, slots=True)
class Options:
    """One local run."""

    stage: str
    root: str  # the folder with app.py and .chalice/
    data: str  # the folder where everything is kept
    port: int  # HTTP; 0 is a free one
    aws_port: int | None  # None: 4566, or a free one when it is taken
    buffer_s: int  # of both delivery streams, seconds
    shards: int | None
    region: str
    faults: str = ""  # as headgate.local.faults reads it; "" is none

    def as_dict(self) -> dict[str, Any]:
        """For the wire between the processes."""
        return asdict(self)

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """From the wire."""
        return cls(**{name: fields[name] for name in cls.__dataclass_fields__})

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data)

    def plan(self) -> StagePlan:
        """What the stage's template says. Raises SettingsError."""
        return load_plan(self.stage, Path(self.root), ACCOUNT, self.region)
