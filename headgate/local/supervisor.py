"""Starts the two processes of the local run, watches them, and stops them with nothing left undelivered.

Stopping, in this order: take no more requests, let the transform reach the end of the stream, write what
Firehose has buffered, end. Holds no data itself. Called by command.py.
"""

import fcntl
import os
import select
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from headgate.local import address
from headgate.local.errors import LocalError
from headgate.local.options import Options, environment
from headgate.local.process import Process
from headgate.settings import SettingsError

_AWS, _FUNCTIONS = "AWS", "functions"
_LOCK_WAIT_S = 2.0  # the processes of a run that was killed need a moment to see it
_LOCK_PAUSE_S = 0.05
# Longer than the processes take at most by themselves: one that says nothing then hangs, and is killed.
_CLOSE_S, _DRAIN_S = 40.0, 200.0


class Addresses(NamedTuple):
    """Where a run can be reached."""

    url: str  # of the HTTP API, without a path
    endpoint_url: str  # of all AWS services


class Undelivered(NamedTuple):
    """What a stop could not deliver in time; it is delivered after the next start."""

    requests: bool
    stream: bool
    records: int

    @property
    def nothing(self) -> bool:
        """Whether all is in S3."""
        return not (self.requests or self.stream or self.records)


class LocalRun:
    """One run on one data folder; `with` makes sure that no process outlives it."""

    def __init__(self, options: Options, api_key: str | None = None) -> None:
        self._options = options
        self._api_key = api_key
        self._held = ExitStack()
        self._processes: dict[str, Process] = {}
        self.is_up = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()
        self._held.close()

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes by name."""
        return {name: process.pid for name, process in self._processes.items()}

    def start(self) -> Addresses:
        """Start both processes. Raises LocalError with what the person can mend."""
        options = self._options.as_dict()
        try:
            plan = self._options.plan()
        except SettingsError as error:
            raise LocalError(str(error)) from error
        lock = self._held.enter_context(_locked(self._options.folder))
        log = self._held.enter_context(_opened(self._options.folder / "functions.log"))
        # Both begin at once, because importing takes them longer than all the rest.
        aws = self._processes[_AWS] = Process(_AWS, "headgate.local.aws_process", None, lock)
        functions = self._processes[_FUNCTIONS] = Process(
            _FUNCTIONS, "headgate.local.functions_process", log, lock
        )
        aws.say(options)
        endpoint_url = aws.hear()["url"]
        variables = {**plan.environment, **environment(endpoint_url, self._options.region)}
        functions.say({**options, "url": endpoint_url, "api_key": self._api_key, "variables": variables})
        port = functions.hear()["port"]
        self.is_up = True
        addresses = Addresses(f"http://127.0.0.1:{port}", endpoint_url)
        self._tell(addresses)
        return addresses

    def _tell(self, addresses: Addresses) -> None:
        """Leave the address where other commands look for it, until the run ends."""
        folder, options = self._options.folder, self._options
        self._held.callback(address.remove, folder)
        try:
            address.write(folder, address.Address(options.stage, *addresses, options.region))
        except OSError as error:
            raise LocalError(f"The data folder {folder} cannot be written: {error.strerror}.") from error

    def wait(self) -> None:
        """Wait until a process ends by itself. Raises LocalError then."""
        pipes = {process.answers: process for process in self._processes.values()}
        while True:
            readable, _, _ = select.select(list(pipes), [], [])
            for pipe in readable:
                try:
                    pipes[pipe].listen()
                except LocalError as error:
                    raise LocalError(
                        f"{error} What was acknowledged is delivered after the next start."
                    ) from error

    def stop(self) -> Undelivered:
        """Drain everything and end both processes. Raises LocalError when one of them is gone."""
        functions, aws = self._processes[_FUNCTIONS], self._processes[_AWS]
        finished = bool(functions.ask("close", _CLOSE_S)["finished"])
        drained = bool(functions.ask("drain", _DRAIN_S)["drained"])
        functions.end()
        left = int(aws.ask("drain", _DRAIN_S)["left"])
        aws.ask("close", _CLOSE_S)
        aws.end()
        return Undelivered(not finished, not drained, left)


def _locked(folder: Path) -> IO[str]:
    """The data folder, made if need be and held by this run alone. Raises LocalError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(folder)
        lock = _private(folder / "lock", "w")
    except OSError as error:
        raise LocalError(f"The data folder {folder} cannot be used: {error.strerror}.") from error
    end_s = time.monotonic() + _LOCK_WAIT_S
    while not _lock(lock):
        if time.monotonic() > end_s:
            lock.close()
            raise LocalError(f"Another local run uses the data folder {folder}; name another: --data.")
        time.sleep(_LOCK_PAUSE_S)
    return lock


def _close_to_others(folder: Path) -> None:
    """Take other users' rights from what an earlier version made; the folder itself may be a person's."""
    for pattern in ("*.sqlite*", "lock", "functions.log", "s3"):
        for path in folder.glob(pattern):
            path.chmod(0o700 if path.is_dir() else 0o600)


def _private(path: Path, mode: str) -> IO[Any]:
    """Open a file that only its owner may read."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _opened(log: Path) -> IO[bytes]:
    try:
        return _private(log, "ab")
    except OSError as error:
        raise LocalError(f"{log} cannot be written: {error.strerror}.") from error
