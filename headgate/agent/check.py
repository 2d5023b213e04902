"""`agent --check`: what is wrong or odd in a configuration, and the files of each flow."""

from collections.abc import Callable

from headgate.agent.config.load import Loaded
from headgate.agent.tail.disk import Disk, NotRegular

Print = Callable[[str], object]


def check(loaded: Loaded, disk: Disk, write: Print) -> int:
    """Write the findings; 0 when the agent would run every flow, 1 otherwise."""
    for problem in loaded.problems:
        write(f"error: {problem}")
    for warning in loaded.warnings:
        write(f"warning: {warning}")
    if loaded.settings is None:
        return 1
    for index, flow in enumerate(loaded.settings.flows):
        write(f"flow {index}: {flow.id}")
        try:
            names = sorted(name for name in disk.names(flow.pattern.directory) if flow.pattern.matches(name))
        except OSError as error:
            write(f"  error: {flow.pattern.directory} cannot be listed: {error.strerror}")
            continue
        if not names:
            write("  no file matches now; one that appears later is read from its beginning")
        for name in names:
            write(f"  {_describe(disk, flow.pattern.directory.rstrip('/') + '/' + name)}")
    write(f"state directory: {loaded.settings.state_dir}")
    return 1 if loaded.problems else 0


def _describe(disk: Disk, path: str) -> str:
    try:
        handle = disk.open(path)
    except NotRegular:
        return f"warning: {path} is not a regular file and is not followed"
    except OSError as error:
        return f"error: {path} cannot be read: {error.strerror}"
    try:
        return f"{path} ({disk.look_at(handle).size} bytes)"
    finally:
        disk.close(handle)
