"""Takes over the checkpoints of the Amazon Kinesis Agent, once per flow, from its SQLite file.

The file is only read. The original followed one file of a flow at a time: that file goes on at its offset,
files changed later begin at 0, older ones were done or never wanted and begin at their end.
"""

import re
import sqlite3
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from headgate.agent.config.model import Flow
from headgate.agent.tail.checkpoint import Checkpoint, tail_start
from headgate.agent.tail.disk import Disk, end_of_lines, matching_paths
from headgate.agent.tail.identity import HEAD_BYTES, Inode, Mark, file_key

_FILE_ID = re.compile(r"\(dev=([0-9a-f]+),ino=([0-9]+)\)")
_QUERY = """
SELECT fileId, lastModifiedTime, offset FROM FILE_CHECKPOINTS WHERE flow = ? ORDER BY lastUpdated DESC LIMIT 1
"""


class OriginalCheckpoint(NamedTuple):
    """The newest original of a flow."""

    device: int
    number: int
    modified_s: float
    offset: int


def read_original(database: Path, flow_id: str) -> OriginalCheckpoint | None:
    """The newest checkpoint of a flow; None when there is none, or no such database."""
    if not database.is_file():
        return None
    try:
        connection = sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)
    except sqlite3.Error:
        return None
    try:
        found = connection.execute(_QUERY, (flow_id,)).fetchone()
    except sqlite3.Error:
        return None
    finally:
        connection.close()
    match = _FILE_ID.fullmatch(found[0]) if found and isinstance(found[0], str) else None
    if match is None:
        return None
    return OriginalCheckpoint(int(match[1], 16), int(match[2]), int(found[1]) / 1000, int(found[2]))


def import_original(flow: Flow, original: OriginalCheckpoint, disk: Disk, now_s: float) -> list[Checkpoint]:
    """Checkpoints for the files that are there now. Raises OSError."""
    checkpoints = []
    for path in matching_paths(disk, flow.pattern):
        handle = disk.open(path)
        try:
            seen = disk.look_at(handle)
            if seen[:2] == (original.device, original.number) and seen.size >= original.offset:
                offset = original.offset
            elif seen.mtime_s > original.modified_s:
                continue
            else:
                offset = end_of_lines(disk, handle, seen.size)
            inode = Inode(seen.device, seen.number, disk.birth_ns(handle))
            head = disk.read(handle, 0, min(HEAD_BYTES, offset))
            tail = disk.read(handle, tail_start(offset), offset - tail_start(offset))
            key = file_key(flow.id, inode, disk.read(handle, 0, HEAD_BYTES).partition(b"\n")[0], 0)
            checkpoints.append(
                Checkpoint(
                    key, inode, 0, path, offset, Mark.of(head), Mark.of(tail), seen.size, updated_s=now_s
                )
            )
        finally:
            disk.close(handle)
    return checkpoints
