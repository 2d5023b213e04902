"""`headgate agent`: reads the files of the configuration, then runs, checks or explains. Exit codes: 0, 1, 3.

0: done. 1: the configuration or the state directory is not usable, or something was left unsent. 3: with
`--once`, lines were rejected.
"""

import argparse
import contextlib
import ctypes
import gc
import logging
import logging.handlers
import os
import resource
import signal
import sys
from pathlib import Path

from headgate.agent.check import StateCheck, check
from headgate.agent.compose import make_chain, make_sink, probe_destination
from headgate.agent.config.load import Loaded, load
from headgate.agent.config.model import AgentConfig, Flow
from headgate.agent.explain import explain
from headgate.agent.run import Agent
from headgate.agent.sinks.aws import Unusable
from headgate.agent.sqlite_import import read_original
from headgate.agent.state import State, StateError
from headgate.agent.status import skipped
from headgate.agent.tail.disk import RealDisk

DEFAULT_CONFIGURATION = "/etc/aws-kinesis/agent.json"
_EXTRA_DIRECTORY = Path("/etc/aws-kinesis/agent.d")
_LOG_BYTES, _LOG_FILES = 10 * 1024 * 1024, 5
_REJECTED = 3
_FILES_MAX = 65_536
_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "-c", "--configuration", default=DEFAULT_CONFIGURATION, metavar="PATH", help="agent.json"
    )
    parser.add_argument("--check", action="store_true", help="validate, show what each pattern matches, end")
    parser.add_argument("--once", action="store_true", help="deliver to the end of the files, then end")
    parser.add_argument("--strict", action="store_true", help="drop and cut what the original drops and cuts")
    parser.add_argument(
        "--state-directory", metavar="PATH", help="checkpoints and rejects (default: by agent.json)"
    )
    parser.add_argument(
        "-l", "--log-file", metavar="PATH", help="log here (rotated) and not to standard error"
    )
    parser.add_argument(
        "-L", "--log-level", default="INFO", choices=["DEBUG", "INFO", "WARN", "ERROR"], help="default: INFO"
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    explaining = actions.add_parser(
        "explain",
        help="say what would be sent for a line, or why nothing",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  headgate agent explain -c agent.json '203.0.113.9 GET /'",
    )
    explaining.add_argument("line", help="a line of the log; - reads it from standard input")
    explaining.add_argument(
        "-c", "--configuration", default=argparse.SUPPRESS, metavar="PATH", help="agent.json"
    )
    explaining.add_argument("--flow", type=int, default=0, metavar="N", help="which flow, from 0")


def run(args: argparse.Namespace) -> int:
    """Do what the command line says."""
    try:
        _log_to(args.log_file, args.log_level)
    except OSError as error:
        print(f"the log file {args.log_file} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    loaded = read_configuration(Path(args.configuration), strict=args.strict)
    if args.check:
        return _check(args, loaded)
    for warning in loaded.warnings:
        _log.warning("%s", warning)
    for problem in loaded.problems:
        _log.error("%s", problem)
    settings = loaded.settings
    if settings is None:
        print(f"{args.configuration} cannot be used; see --check", file=sys.stderr)
        return 1
    if args.action == "explain":
        line = sys.stdin.read() if args.line == "-" else args.line
        return explain(settings, args.flow, line, make_chain, print)
    return _run(args, settings)


def read_configuration(path: Path, *, strict: bool, extra_directory: Path = _EXTRA_DIRECTORY) -> Loaded:
    """The settings of a file and of agent.d; a file that cannot be read is a problem like any other."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Loaded(None, [f"{path} cannot be read: {error}"], [])
    extra: dict[str, str] = {}
    unreadable: list[str] = []
    for name in sorted(extra_directory.iterdir()) if extra_directory.is_dir() else []:
        if name.is_file():
            try:
                extra[str(name)] = name.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                unreadable.append(f"{name} is ignored: {error}")
    loaded = load(
        text,
        extra,
        cores=os.cpu_count() or 1,
        check_options=make_chain,
        read_secret=lambda secret: Path(secret).read_text(encoding="utf-8"),
        strict=strict,
    )
    return loaded._replace(warnings=loaded.warnings + unreadable)


def _run(args: argparse.Namespace, settings: AgentConfig) -> int:
    _keep_memory_small()
    _raise_limit_of_files()
    state = State(_state_directory(args, settings))
    try:
        state.lock()
        agent = Agent(settings, state, RealDisk(scratch=str(state.directory)), make_sink)
    except (StateError, Unusable) as error:
        print(error, file=sys.stderr)
        state.unlock()
        return 1
    except Exception as error:  # noqa: BLE001 - told to the person and to the log
        _log.exception("the agent could not start")
        print(f"the agent could not start: {error}", file=sys.stderr)
        state.unlock()
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: agent.stop())
    signal.signal(signal.SIGHUP, lambda _number, _frame: agent.ask_reload())

    def reload() -> AgentConfig | None:
        loaded = read_configuration(Path(args.configuration), strict=args.strict)
        for message in loaded.warnings + loaded.problems:
            _log.warning("%s", message)
        # With a broken flow the old configuration is worth more than the new one without it.
        return None if loaded.problems else loaded.settings

    _log.info("agent started: %d flows, state in %s", len(settings.flows), state.directory)
    # What is loaded now stays: the collector need not look at it again with every batch.
    gc.freeze()
    try:
        clean = agent.run(once=args.once, reload=reload)
    finally:
        state.unlock()
    if args.once:
        return _summary(agent, clean=clean)
    return 0


def _state_directory(args: argparse.Namespace, settings: AgentConfig) -> Path:
    return Path(args.state_directory or settings.state_dir)


def _check(args: argparse.Namespace, loaded: Loaded) -> int:
    settings = loaded.settings
    if settings is None:
        return check(loaded, RealDisk(), print)
    state = State(_state_directory(args, settings))
    problem = state.problem()
    try:
        known = state.load()
    except StateError as error:
        known, problem = {}, problem or str(error)

    def has_run(flow: Flow) -> bool:
        original = settings.import_checkpoints
        return flow.id in known or (
            original is not None and read_original(Path(original), flow.id) is not None
        )

    def asked(flow: Flow) -> str | None:
        return probe_destination(settings, flow)

    return check(loaded, RealDisk(), print, StateCheck(str(state.directory), problem, has_run, asked))


def _raise_limit_of_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, _FILES_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _keep_memory_small() -> None:
    """Give large buffers back to the system at once, and do not keep a heap per sending thread (glibc only).

    Source: mallopt(3), M_MMAP_THRESHOLD and M_ARENA_MAX.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, 128 * 1024)
        mallopt(-8, 2)


def _summary(agent: Agent, *, clean: bool) -> int:
    rejected = 0
    for pipeline in agent.pipelines:
        counters = pipeline.counters
        rejected += sum(counters.rejected.values())
        held = sum(file.unread for file in pipeline.files.files if not file.finished)
        print(
            f"{pipeline.flow.id}: {counters.records_read} records read, {counters.records_sent} sent, "
            f"{sum(counters.rejected.values())} rejected, {sum(counters.dropped.values())} dropped"
            + (f"; {held} bytes are not read" if held else "")
            + (f"; {skipped(pipeline.skipped_bytes)}" if pipeline.skipped_bytes else "")
        )
        if counters.errors_in_a_row:
            clean = False
            print(f"{pipeline.flow.id}: a file cannot be read; the log says why", file=sys.stderr)
    for reason in agent.end.given_up:
        print(f"{reason}; what is left is sent by the next run", file=sys.stderr)
    return 1 if not clean else _REJECTED if rejected else 0


def _log_to(path: str | None, level: str) -> None:
    handler: logging.Handler
    if path is None:
        handler = logging.StreamHandler()
    else:
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
        )
    handler.setFormatter(
        logging.Formatter("%(asctime)s (%(threadName)s) %(name)s [%(levelname)s] %(message)s")
    )
    root = logging.getLogger("headgate")
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING if level == "WARN" else level)
    root.propagate = False
