"""`headgate local`: the whole path on this machine until Ctrl-C."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from headgate.local.errors import LocalError
from headgate.local.faults import parse_faults
from headgate.local.options import Options
from headgate.local.supervisor import Addresses, LocalRun
from headgate.settings import load_settings, project_root

DEFAULT_PORT = 8000
LOCAL_API_KEY = "local-key"
_ECHO_S = 0.5  # make and timeout(1) pass on a signal that has reached the whole group already


class _StopSignal(Exception):
    """Ctrl-C or SIGTERM."""


class _Signals:
    """Turns signals into _StopSignal for as long as `armed`."""

    def __init__(self) -> None:
        self.armed = True
        self._last = (0, 0.0)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    def _heard(self, number: int, _: object) -> None:
        last_number, last_s = self._last
        now_s = time.monotonic()
        if number == last_number and now_s - last_s < _ECHO_S:
            return
        self._last = number, now_s
        if self.armed:
            raise _StopSignal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--stage", default="dev", help="stage of .chalice/config.json (default: dev)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="HTTP port (default: 8000; 0: a free one)"
    )
    parser.add_argument(
        "--aws-port", type=int, help="port of all AWS APIs (default: 4566, or a free one when it is taken)"
    )
    parser.add_argument(
        "--data",
        type=_folder,
        default=str(project_root() / ".local"),
        help="folder for everything that is kept (default: .local of the project)",
    )
    parser.add_argument(
        "--buffer-seconds", type=_seconds, default=5, help="how long Firehose buffers, 0 to 900 (default: 5)"
    )
    parser.add_argument("--shards", type=_shards, help="shards of the stream (default: as the stage says)")
    parser.add_argument(
        "--faults",
        type=_faults,
        default="",
        help="what shall go wrong, as in throttle=0.2,lost_answer=0.05,seed=7",
    )


def run(args: argparse.Namespace) -> int:
    """Run until a signal; 0 when everything accepted is in S3, 1 when not, 2 when it could not start."""
    signals = _Signals()
    options = options_of(args)
    with LocalRun(options, LOCAL_API_KEY) as local:
        try:
            return _until_stopped(local, options)
        except _StopSignal:
            _say("Stopped at once. What was acknowledged is delivered after the next start.")
            return 130 if local.is_up else 0
        except LocalError as error:
            print(f"headgate local: {' '.join(str(error).split())}", file=sys.stderr)
            return 1 if local.is_up else 2
        finally:
            signals.armed = False


def options_of(args: argparse.Namespace) -> Options:
    """The options of a command line."""
    return Options(
        stage=args.stage,
        root=str(project_root()),
        data=str(Path(args.data).resolve()),
        port=args.port,
        aws_port=args.aws_port,
        buffer_s=args.buffer_seconds,
        shards=args.shards,
        region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        faults=args.faults,
    )


def _until_stopped(local: LocalRun, options: Options) -> int:
    _say(f"Starting the stage {options.stage} with its data in {_shown(options.folder)} ...")
    try:
        addresses = local.start()
        _say(_banner(addresses, options))
        local.wait()
    except _StopSignal:
        if not local.is_up:
            raise
        _say("\nStopping: delivering what was accepted (again to stop at once) ...")
    left = local.stop()
    if left.nothing:
        _say("Stopped. Everything that was accepted is in S3.")
        return 0
    print(f"Stopped, but not everything was delivered: {left}. The next start goes on.", file=sys.stderr)
    return 1


def _say(text: str) -> None:
    """Print; a reader that has gone away (`| head`) is no reason to stop the run."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _banner(addresses: Addresses, options: Options) -> str:
    settings = load_settings(Path(options.root), options.stage)
    key = (
        f" \\\n                        -H 'X-Api-Key: {LOCAL_API_KEY}'" if settings.auth == "api_key" else ""
    )
    return f"""
  POST events to   {addresses.url}/v1
  for example      curl -d '{{"value":"30","type":"Tip 3"}}' \\
                        -H 'Content-Type: application/json' -X POST {addresses.url}/v1{key}

  AWS APIs at      {addresses.endpoint_url}
                   Headgate's commands find it; for others: eval "$(headgate env)"
  files appear in  {_shown(options.folder)}/s3/
                   {options.buffer_s} to {options.buffer_s + 3} s after the POST
  function's log   {_shown(options.folder)}/functions.log
{_faults_shown(options)}
  Ctrl-C stops, and delivers what was accepted before it ends.
"""


def _shown(folder: Path) -> str:
    """A path as the person would type it."""
    return str(folder.relative_to(Path.cwd())) if folder.is_relative_to(Path.cwd()) else str(folder)


def _faults_shown(options: Options) -> str:
    spec = parse_faults(options.faults)
    sentences = spec.sentences()
    if not sentences:
        return ""
    return (
        "".join(f"\n{line}" for line in (f"  faults, seed {spec.seed}", *(f"    {s}" for s in sentences)))
        + "\n"
    )


def _folder(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a folder's name, not nothing")
    return text


def _faults(text: str) -> str:
    try:
        return str(parse_faults(text))
    except LocalError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> int:
    return _within(text, 0, 900)


def _shards(text: str) -> int:
    return _within(text, 1, 200)


def _within(text: str, least: int, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"a whole number from {least} to {most}, not {text!r}")
    return number
