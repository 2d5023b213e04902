"""Where END_OF_FILE is: behind the last complete line, so that a partial one is sent whole later."""

from headgate.agent.tail.disk import Disk

_STEP_BYTES = 64 * 1024


def end_of_lines(disk: Disk, handle: int, size: int) -> int:
    """The offset behind the last line feed; 0 when there is none. Raises OSError."""
    end = size
    while end > 0:
        start = max(0, end - _STEP_BYTES)
        found = disk.read(handle, start, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
