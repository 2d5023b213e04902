"""Whose keys sign: the environment's, else a container's, else those of a person's profile.

All of them come from AWS's own code: awscrt's providers, which know when keys expire and fetch new ones, or,
on a developer's machine, botocore's, which know profiles, SSO and everything else a person may use. A
deployed function never gets as far as botocore. Called by clients.py.

Source: AWS SDKs and Tools Reference Guide, "Credential provider chain"; AWS Lambda, SnapStart, credentials.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from awscrt.auth import AwsCredentialsProvider

from chalicelib.awsoptions import AwsOptions

Keys = Callable[[], AwsCredentialsProvider]  # asked before each call


class NoKeysError(Exception):
    """There are no credentials now; its text is the name of the reason."""


def keys_of(options: AwsOptions) -> Keys:
    """The credentials of this process."""
    session = None if options.has_keys or options.has_container else _session()
    if session:
        return lambda: _of_a_person(session)
    made = (
        AwsCredentialsProvider.new_environment
        if options.has_keys
        else AwsCredentialsProvider.new_default_chain
    )
    provider = made()
    return lambda: provider


def region_of_a_person() -> str:
    """The region of a profile, "" if there is none."""
    session = _session()
    return str((session and session.get_config_variable("region")) or "")


@cache
def _session() -> Any:
    """The session of botocore, None where it is not installed."""
    try:
        import botocore.session  # noqa: PLC0415 - only on a developer's machine
    except ImportError:
        return None
    return botocore.session.get_session()


def _of_a_person(session: Any) -> AwsCredentialsProvider:
    """The keys of this moment: botocore fetches new ones when they expire. Raises NoKeysError.

    Not by awscrt's delegate, in which an error of botocore's would be printed and lost.
    """
    found = session.get_credentials()
    if found is None:
        raise NoKeysError("NoCredentialsError")
    try:
        keys = found.get_frozen_credentials()
    except Exception as error:
        raise NoKeysError(type(error).__name__) from error
    return AwsCredentialsProvider.new_static(keys.access_key, keys.secret_key, keys.token)
