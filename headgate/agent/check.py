"""`agent --check`: what is wrong or odd in a configuration, the files of each flow, the state directory."""

from collections.abc import Callable
from typing import Any, NamedTuple

from headgate.agent.config.load import Loaded
from headgate.agent.config.model import Flow
from headgate.agent.convert.build import log_options
from headgate.agent.tail.disk import Disk, NotRegular, end_of_lines, matching_paths

Print = Callable[[str], object]


class StateCheck(NamedTuple):
    """The state directory: where, why it cannot be used, and whether a flow has run with it before."""

    directory: str
    problem: str | None
    has_run: Callable[[Flow], bool]
    probe: Callable[[Flow], str | None] = lambda _flow: None  # what is wrong with the destination


class _Found(NamedTuple):
    line: str
    lines_bytes: int = 0  # up to the last line feed
    mtime_s: float = 0.0


def check(loaded: Loaded, disk: Disk, write: Print, state: StateCheck | None = None) -> int:
    """Write the findings; 0 when the agent would run every flow, 1 otherwise. `state` goes with settings."""
    for problem in loaded.problems:
        write(f"error: {problem}")
    for warning in loaded.warnings:
        write(f"warning: {warning}")
    if loaded.settings is None or state is None:
        return 1
    wrong: list[str] = []
    for index, flow in enumerate(loaded.settings.flows):
        write(f"flow {index}: {flow.id}")
        _check_flow(flow, disk, write, first=not state.has_run(flow))
        found = [*map(group_problem, flow.options), state.probe(flow)]
        wrong += [line for line in found if line and line.startswith("error:")]
        for line in filter(None, found):
            write(f"  {line}")
    if state.problem:
        write(f"error: {state.problem}")
    else:
        write(f"state directory: {state.directory}")
    return 1 if loaded.problems or state.problem or wrong else 0


def group_problem(option: dict[str, Any]) -> str | None:
    """Return what is wrong with the counts of a matchPattern, which then matches no line."""
    if option.get("optionName") != "LOGTOJSON":
        return None
    options = log_options(option)
    if options.pattern is None or options.names is None or options.pattern.group_count == len(options.names):
        return None
    groups, names = options.pattern.group_count, len(options.names)
    counted = f"{groups} {'group' if groups == 1 else 'groups'} for {names} customFieldNames"
    return f"error: matchPattern has {counted}: every line would be rejected"


def _check_flow(flow: Flow, disk: Disk, write: Print, *, first: bool) -> None:
    try:
        paths = matching_paths(disk, flow.pattern)
    except OSError as error:
        write(f"  error: {error.filename} cannot be listed: {error.strerror}")
        return
    if not first and flow.from_start:
        write("  note: it goes on at its checkpoints; START_OF_FILE counts at the first start only")
    if not paths:
        write("  no file matches now; one that appears later is read from its beginning")
    found = [_look(disk, path) for path in paths]
    for each in found:
        write(f"  {each.line}")
    left_out = found
    if flow.from_start:
        # In strict mode only the newest file is read, as with the original.
        left_out = sorted(found, key=lambda each: each.mtime_s)[:-1] if flow.strict else []
    skipped = sum(each.lines_bytes for each in left_out)
    if first and skipped:
        why = "strict reads the newest file only" if flow.from_start else "initialPosition is END_OF_FILE"
        hint = "" if flow.from_start else "; START_OF_FILE sends them"
        write(f"  first start: {skipped} bytes that are there now will not be sent ({why}{hint})")


def _look(disk: Disk, path: str) -> _Found:
    try:
        handle = disk.open(path)
    except NotRegular:
        return _Found(f"warning: {path} is not a regular file and is not followed")
    except OSError as error:
        return _Found(f"error: {path} cannot be read: {error.strerror}")
    try:
        seen = disk.look_at(handle)
        return _Found(f"{path} ({seen.size} bytes)", end_of_lines(disk, handle, seen.size), seen.mtime_s)
    except OSError as error:
        return _Found(f"error: {path} cannot be read: {error.strerror}")
    finally:
        disk.close(handle)
