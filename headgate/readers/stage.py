"""Where a stage's stream and bucket are: its settings, and the account behind the credentials.

Decides names, endpoint and clients for every reading command. The local run and a deployed stage differ only
in the endpoint. Clients are made when first asked for, with one attempt each: all retrying is retry.py's.
"""

import argparse
import os
import sys
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from headgate.aws_errors import sentence
from headgate.contract.url import shown_url
from headgate.local import address
from headgate.local.options import KEY_ID, SECRET
from headgate.readers.bucket import Bucket, FolderBucket, S3Bucket
from headgate.readers.calls import LOCAL_RUN_HINT, Clock, call
from headgate.readers.errors import ReaderError
from headgate.settings import (
    Names,
    SettingsError,
    StageSettings,
    fill_bucket,
    load_settings,
    names_of,
    project_root,
)

_CREDENTIALS = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID")  # set by who wants AWS
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_DEFAULT_REGION = "us-east-1"
_CONNECT_S = 5
_READ_S = 60  # an object of 128 MiB on a slow line comes in pieces, each of which must come in this time
_POOL = 16


def add_stage_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --stage and --endpoint."""
    parser.add_argument("--stage", default="dev", help="stage of .chalice/config.json (default: dev)")
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="an AWS address such as http://127.0.0.1:4566 "
        "(default: AWS_ENDPOINT_URL, or the stage's local run in .local, or AWS)",
    )


def add_files_argument(parser: argparse.ArgumentParser) -> None:
    """Declare --files, for commands that read nothing but the bucket."""
    parser.add_argument(
        "--files",
        metavar="FOLDER",
        type=Path,
        help="read a folder instead of S3: a copy of the bucket, or .local/s3 (no run is needed)",
    )


class Stage:
    """One stage, as a command sees it; `with` closes its connections."""

    def __init__(
        self,
        settings: StageSettings,
        endpoint_url: str | None,
        files: Path | None,
        clock: Clock,
        region: str | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.endpoint_url = endpoint_url
        self._files = files
        self._region = region
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    @property
    def names(self) -> Names:
        """The stage's names."""
        return names_of(self.settings)

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine."""
        return self.endpoint_url is not None and urlsplit(self.endpoint_url).hostname in _LOOPBACK

    def client(self, service: str) -> Any:
        """A client of one service. Raises ReaderError without a region."""
        if service not in self._clients:
            try:
                self._clients[service] = self._make(service)
            except (BotoCoreError, ValueError) as error:
                text = sentence(error, LOCAL_RUN_HINT) if isinstance(error, BotoCoreError) else str(error)
                raise ReaderError(text) from error
        return self._clients[service]

    def bucket_name(self) -> str:
        """The bucket's name, with account and region filled in."""
        pattern = self.names.bucket
        if "{" not in pattern:
            return pattern
        account = ""
        if "{account}" in pattern:
            answer = call(lambda: self.client("sts").get_caller_identity(), self.clock)
            account = str(answer["Account"])
        return fill_bucket(pattern, account, str(self.client("s3").meta.region_name))

    def bucket(self) -> Bucket:
        """Where the objects are: S3, or the folder that was named."""
        if self._files is not None:
            return FolderBucket.find_in(self._files)
        return S3Bucket(self.client("s3"), self.bucket_name(), self.clock)

    def _make(self, service: str) -> Any:
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            max_pool_connections=_POOL,
            user_agent_extra="headgate-readers",
            s3={"addressing_style": "path"} if self.endpoint_url else {},
        )
        own: dict[str, Any] = {"config": config, "endpoint_url": self.endpoint_url}
        if self.is_local:  # never sends a person's own credentials to a test endpoint
            own |= {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET, "aws_session_token": ""}
            own["region_name"] = self._region or os.environ.get("AWS_DEFAULT_REGION") or _DEFAULT_REGION
        return _session(is_local=self.is_local).client(service, **own)


@cache
def _session(*, is_local: bool) -> Any:
    """Return the process's one session: it keeps the services' models, which take longer to load than to use.

    The local run needs nothing of a person's AWS set-up, so a profile that does not exist does not stop it.
    """
    if not is_local:
        return boto3.Session()
    return boto3.Session(botocore_session=Session(session_vars={"profile": (None, None, None, None)}))


def open_stage(args: argparse.Namespace, clock: Clock | None = None) -> Stage:
    """The stage that a command line names. Raises ReaderError for one that the settings do not have."""
    try:
        settings = load_settings(project_root(), args.stage)
    except SettingsError as error:
        raise ReaderError(str(error)) from error
    endpoint_url = args.endpoint or os.environ.get("AWS_ENDPOINT_URL") or None
    if endpoint_url and not _is_address(endpoint_url):
        shown = shown_url(endpoint_url)
        raise ReaderError(f"{shown!r} is no address: an endpoint is http://127.0.0.1:4566 or the like")
    files, clock = getattr(args, "files", None), clock or Clock()
    if endpoint_url is None and files is None and (found := _local_run(args.stage)):
        return Stage(settings, found.endpoint_url, None, clock, found.region)
    return Stage(settings, endpoint_url, files, clock)


def _local_run(stage: str) -> address.Address | None:
    """Return the local run of this stage in this folder, unless the shell names AWS credentials.

    Which of the two is asked is said on standard error, so that nobody takes one for the other.
    """
    found = address.find()
    if found is None:
        if address.is_left_behind():
            _say(f"the local run in {address.FOLDER} has ended; asking AWS")
        return None
    named = next((name for name in _CREDENTIALS if os.environ.get(name)), None)
    where = f"the local run of the stage {found.stage} at {found.endpoint_url}"
    if found.stage != stage:
        _say(f"{where} is up, but the stage {stage} is asked for; asking AWS")
        return None
    if named:
        _say(f"{where} is up, but {named} is set; asking AWS (--endpoint {found.endpoint_url} asks the run)")
        return None
    _say(f"asking {where}")
    return found


def _say(text: str) -> None:
    print(f"headgate: {text}", file=sys.stderr)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port, no IPv6 address
        return False
