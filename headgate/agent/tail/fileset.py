"""The files of one flow: finds them, and keeps hold of them over every rotation, by renaming or by copying.

Decides which files are followed. Never reads records; where reading of each begins is history.py's. State
changes only after a file was opened (A11).
"""

import errno
from collections.abc import Collection
from dataclasses import replace

from headgate.agent.config.fileglob import FilePattern
from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.disk import Directory, Disk, NotRegular, Report
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.history import InodeHistory, holds
from headgate.agent.tail.identity import Inode

_QUIET_S = 10.0  # so long a file is still before its handle is given to others


class FileSet:
    """Follows the files that match a pattern, and those that did until they are finished."""

    def __init__(self, pattern: FilePattern, disk: Disk, history: InodeHistory, report: Report) -> None:
        self.pattern = pattern
        self.disk = disk
        self.files: list[TailedFile] = []
        self.unopened: set[str] = set()  # paths that wait until a handle is free
        self._history = history
        self._report = report
        self._by_inode: dict[tuple[int, int], TailedFile] = {}  # of the refresh that is going on
        self._directory = Directory(pattern, disk, report)
        self._looked = False
        self._late: set[str] = set()  # paths of the first look that had to wait for a handle
        self._refused: set[str] = set()

    @property
    def watched(self) -> list[str]:
        """Every directory whose changes matter to the pattern."""
        return self._directory.visited

    def refresh(self, now_s: float) -> None:
        """Look at the directory: take up new files, notice renamed and vanished ones."""
        by_inode = {file.inode[:2]: file for file in self.files if file.handle is not None or file.finished}
        self._by_inode = by_inode
        self.unopened.clear()
        present: dict[tuple[int, int], list[str]] = {}
        for path in self._directory.matching({file.path for file in self.files if file.matched}):
            inode = self._directory.inode_of(path)
            if inode is not None:
                present.setdefault(inode, []).append(path)
        for inode, paths in present.items():
            # Looked up now: taking up one file may have taken up its copy too.
            file = by_inode.get(inode)
            if file is None:
                self._try_attach(paths[0], now_s)
            else:
                file.reappear(paths)
                if file.finished:
                    self._wake(file, now_s)
        gone = [file for inode, file in by_inode.items() if inode not in present and file.matched]
        out_of_sight = [file for file in gone if self._is_out_of_sight(file)]
        if not self._looked or out_of_sight:
            first, self._looked = not self._looked, True
            self._find_missing(present.keys(), now_s)
            if first:
                self._late = set(self.unopened)
                self._history.skip_all_but_newest(self.files)

    def _is_out_of_sight(self, file: TailedFile) -> bool:
        """Take note that no path leads to a file; return whether it must be looked for under other names."""
        closed = file.finished and not file.moved and file.last_checkpoint is not None
        file.rotate()
        if closed and file.last_checkpoint is not None:
            # Its handle was closed while it was quiet: it may have grown before it was renamed.
            self.files.remove(file)
            self._history.known[file.key] = replace(file.last_checkpoint, finished=False)
        return closed

    def park(self, now_s: float) -> None:
        """Close quiet files that were read to their end: handles are scarce. Raises OSError."""
        quiet_s = 0.0 if self.unopened else _QUIET_S
        for file in list(self.files):
            done = file.decided and file.delivered and file.key and not file.skipping and not file.moved
            idle = file.handle is not None and file.unread == 0 and now_s - file.changed_s >= quiet_s
            if idle and (done or file.size == 0):
                self.finish(file)

    def truncated(self, file: TailedFile, now_s: float) -> None:
        """`file` lost what was read of it: another begins under its inode, and a copy of it is looked for."""
        known, read = max(file.seen_bytes, file.read_offset), file.read_offset
        self.files.append(file.truncate(now_s))
        self._report("truncated", file.path, f"the file was truncated at {read} bytes read")
        self.refresh(now_s)
        for copy in self.files:
            if copy is not file and not copy.decided and holds(copy, file):
                file.continue_in(copy)
                self.files.remove(copy)
                self._report("copied", file.path, f"reading goes on in the copy at {read}")
                return
        if known > read:
            self._report(
                "truncated_unread_bytes",
                file.path,
                "bytes were truncated before they were read",
                known - read,
            )

    def finish(self, file: TailedFile) -> None:
        """`file` is delivered: keep what is known of it and give its handle back. Raises OSError."""
        file.finish()
        if file.last_checkpoint is not None:
            self._history.known[file.key] = file.last_checkpoint
        if not file.matched:
            self.files.remove(file)

    def adopt(self, other: "FileSet", now_s: float) -> None:
        """When a flow's settings change: take over files that only a handle leads to. Raises OSError."""
        for old in other.files:
            if old.handle is not None and not old.matched and old.key:
                self.files.append(old.move_to(self.disk, now_s))

    def close(self) -> None:
        """Give every handle back."""
        for file in self.files:
            file.close()

    def _try_attach(self, path: str, now_s: float) -> TailedFile | None:
        try:
            file = self._attach(path, now_s)
        except NotRegular as error:
            if path not in self._refused:
                self._refused.add(path)
                self._report("not_regular", path, str(error))
            return None
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                self.unopened.add(path)
                self._report("handles_exhausted", path, "no handle is free: the file waits for one")
                return None
            self._report("open_error", path, str(error))
            return None
        self.files.append(file)
        self._by_inode[file.inode[:2]] = file
        return file

    def _attach(self, path: str, now_s: float) -> TailedFile:
        handle = self.disk.open(path)
        try:
            seen = self.disk.look_at(handle)
            inode = Inode(seen.device, seen.number, self.disk.birth_ns(handle))
            file = TailedFile(self.disk, handle, path, inode, now_s=now_s)
            file.begin(seen)
            ended = self._history.begin(file, first_look=not self._looked or path in self._late)
            if ended is not None:
                self._replace(ended, file, now_s)
        except OSError:
            self.disk.close(handle)
            raise
        return file

    def _replace(self, ended: Checkpoint, file: TailedFile, now_s: float) -> None:
        """`file` has the inode number of a file that has ended."""
        # Only another birth time proves that the number was used again; else the file was truncated.
        if ended.inode.same_as(file.inode):
            file.decide()
            if ended.path != file.path:
                file.rename(file.path)
            if not ended.finished:
                self._resume_copy(ended, now_s)
        self._report("replaced", file.path, f"no longer the file of which {ended.offset} bytes were read")

    def _resume_copy(self, ended: Checkpoint, now_s: float) -> None:
        """A file was truncated while nobody looked: continue in the copy that holds what it was."""
        for path in self._directory.matching({file.path for file in self.files if file.matched}):
            inode = self._directory.inode_of(path)
            if inode is None or inode == ended.inode[:2] or inode in self._by_inode:
                continue
            if any(known.inode[:2] == inode for known in self._history.known.values()):
                continue
            copy = self._try_attach(path, now_s)
            if copy is None:
                continue
            if ended.copied_to(copy.size, copy.beginning(), copy.before(ended.offset)):
                copy.resume(ended)
                copy.rename(path)
                return
        self._lost(ended, "truncated_unread_bytes", "bytes went before they were read")

    def _lost(self, ended: Checkpoint, reason: str, message: str) -> None:
        if ended.size > ended.offset:
            self._report(reason, ended.path, message, ended.size - ended.offset)

    def _wake(self, file: TailedFile, now_s: float) -> None:
        """A finished file that still matches is only looked at; when it changes, it is taken up again."""
        try:
            size = self.disk.look(file.path).size
        except OSError:
            return
        if size != file.read_offset:
            self.files.remove(file)
            self._try_attach(file.path, now_s)

    def _find_missing(self, present: Collection[tuple[int, int]], now_s: float) -> None:
        """Look for unfinished files that were renamed out of the pattern, compressed or removed meanwhile.

        `present` are the inode numbers of the pattern's files.
        """
        attached = {file.inode[:2]: file for file in self.files}
        missing = [
            known
            for known in self._history.known.values()
            if not known.finished and not self._is_present(known, present, attached)
        ]
        wanted = {known.inode[:2]: known for known in missing if known.inode[:2] not in attached}
        for path in self._directory.others() if wanted else []:
            inode = self._directory.inode_of(path)
            file = self._try_attach(path, now_s) if inode in wanted else None
            if inode is None or file is None:
                continue
            known = wanted[inode]
            # Another key: truncated and written again. Without a birth time it may be anybody's file.
            if file.key != known.key and (known.inode.birth_ns is None or known.inode != file.inode):
                file.close()
                self.files.remove(file)
            else:
                file.rotate()
        found = {file.key for file in self.files}
        for known in missing:
            if known.key not in found and self._directory.exists():
                self._read_compressed(known, now_s)

    @staticmethod
    def _is_present(
        known: Checkpoint, present: Collection[tuple[int, int]], attached: dict[tuple[int, int], TailedFile]
    ) -> bool:
        """Whether a file is followed, waits for a handle, or was truncated, which is dealt with elsewhere."""
        inode = known.inode[:2]
        file = attached.get(inode)
        if file is None:
            return inode in present
        return file.key == known.key or known.inode.same_as(file.inode)

    def _read_compressed(self, known: Checkpoint, now_s: float) -> None:
        """Read the rest of a file that is gone from a compressed one, or count what is known to be lost."""
        for path in self._directory.compressed():
            try:
                handle = self.disk.unpack(path, known)
            except OSError as error:
                self._report("open_error", path, str(error))
                continue
            if handle is not None:
                seen = self.disk.look_at(handle)
                inode = Inode(seen.device, seen.number, self.disk.birth_ns(handle))
                file = TailedFile(self.disk, handle, path, inode, now_s=now_s)
                file.begin(seen)
                file.resume(known)
                file.rotate()
                self.files.append(file)
                self._report("decompressed", known.path, f"reading goes on in {path} at {known.offset}")
                return
        self._lost(known, "vanished_unread_bytes", "bytes were removed before they were read")
        self._history.known[known.key] = replace(known, finished=True)
