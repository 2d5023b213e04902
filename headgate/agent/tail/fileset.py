"""The files of one flow: finds them, and keeps hold of them over every rotation, by renaming or by copying.

Decides which files are followed. Never reads records; where reading of each begins is history.py's. State
changes only after a file was opened (A11).
"""

from headgate.agent.config.fileglob import FilePattern
from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.disk import Directory, Disk, NotRegular, Report
from headgate.agent.tail.file import TailedFile
from headgate.agent.tail.history import InodeHistory, holds
from headgate.agent.tail.identity import Inode


class FileSet:
    """Follows the files that match a pattern, and those that did until they are finished."""

    def __init__(self, pattern: FilePattern, disk: Disk, lives: InodeHistory, report: Report) -> None:
        self.pattern = pattern
        self.disk = disk
        self.files: list[TailedFile] = []
        self._history = lives
        self._report = report
        self._by_inode: dict[tuple[int, int], TailedFile] = {}  # of the refresh that is going on
        self._directory = Directory(pattern, disk, report)
        self._looked = False
        self._refused: set[str] = set()

    def refresh(self, now_s: float) -> None:
        """Look at the directory: take up new files, notice renamed and vanished ones."""
        by_inode = {file.inode[:2]: file for file in self.files if file.handle is not None or file.finished}
        self._by_inode = by_inode
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
                self._still_there(file, paths)
        for inode, file in by_inode.items():
            if inode not in present and file.matched:
                file.matched, file.rotated = False, True
        if not self._looked:
            self._looked = True
            self._find_renamed(now_s)
            self._history.skip_all_but_newest(self.files)

    def truncated(self, file: TailedFile, now_s: float) -> None:
        """`file` lost what was read of it: its inode begins a new life, and the old one looks for a copy."""
        successor = TailedFile(self.disk, file.held(), file.path, file.inode)
        successor.generation = file.generation + 1
        successor.matched, successor.rotated = file.matched, file.rotated
        successor.changed_s = now_s
        successor.judged = True
        successor.look(now_s)
        file.handle, file.rotated, file.matched = None, True, False
        self.files.append(successor)
        self._report("truncated", file.path, f"the file was truncated at {file.read_offset} bytes read")
        self.refresh(now_s)
        for copy in self.files:
            if copy is not successor and not copy.judged and holds(copy, file):
                self._continue_in(file, copy)
                return
        lost = file.seen_bytes - file.read_offset
        if lost > 0:
            self._report(
                "truncated_unread_bytes", file.path, "bytes were truncated before they were read", lost
            )

    def forget(self, file: TailedFile) -> None:
        """`file` is finished: keep what is known of it and give its handle back."""
        file.close()
        file.finished = True
        if not file.matched:
            self.files.remove(file)

    def adopt(self, other: "FileSet", now_s: float) -> None:
        """When a flow's settings change: take over files that only a handle leads to. Raises OSError."""
        for old in other.files:
            if old.handle is None or old.matched or not old.key:
                continue
            file = TailedFile(self.disk, old.handle, old.path, old.inode)
            file.resume(old.checkpoint(0.0), old.beginning(), old.before(old.progress.offset))
            file.matched, file.rotated, file.changed_s = False, True, now_s
            old.handle = None
            self.files.append(file)

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
            file = TailedFile(self.disk, handle, path, inode)
            file.size, file.changed_s = seen.size, now_s
            ended = self._history.begin(file, first_look=not self._looked)
            if ended is not None:
                self._replace(ended, file, now_s)
        except OSError:
            self.disk.close(handle)
            raise
        return file

    def _replace(self, life: Checkpoint, file: TailedFile, now_s: float) -> None:
        """`file` has the inode of a life that has ended."""
        # Only another birth time proves that the number was used again; else the file was truncated.
        if life.inode.same_as(file.inode):
            file.judged = True
            file.rotated = life.path != file.path
            if not life.finished:
                self._resume_copy(life, now_s)
        self._report("replaced", file.path, f"no longer the file of which {life.offset} bytes were read")

    def _resume_copy(self, life: Checkpoint, now_s: float) -> None:
        """A file was truncated while nobody looked: go on in the copy that holds what it was."""
        for path in self._directory.matching({file.path for file in self.files if file.matched}):
            inode = self._directory.inode_of(path)
            if inode is None or inode == life.inode[:2] or inode in self._by_inode:
                continue
            if any(known.inode[:2] == inode for known in self._history.known.values()):
                continue
            copy = self._try_attach(path, now_s)
            if copy is None:
                continue
            head, tail = copy.beginning(), copy.before(life.offset)
            if life.copied_to(copy.size, head, tail):
                copy.resume(life, head, tail)
                copy.rotated = True
                return
        if life.size > life.offset:
            lost = life.size - life.offset
            self._report("truncated_unread_bytes", life.path, "bytes went before they were read", lost)

    def _still_there(self, file: TailedFile, paths: list[str]) -> None:
        file.matched = True
        if file.path not in paths:
            file.path, file.rotated = paths[0], True
        if file.finished and file.handle is None:
            self._wake(file)

    def _wake(self, file: TailedFile) -> None:
        """A finished file that still matches is only looked at; when it changes, it is taken up again."""
        try:
            size = self.disk.look(file.path).size
        except OSError:
            return
        if size != file.read_offset:
            self.files.remove(file)
            self._history.known[file.key] = file.last_checkpoint or file.checkpoint(0.0)

    def _find_renamed(self, now_s: float) -> None:
        """Unfinished files that a rotation renamed out of the pattern while nobody looked."""
        attached = {file.inode[:2] for file in self.files}
        unfinished = [life for life in self._history.known.values() if not life.finished]
        wanted = {life.inode[:2]: life for life in unfinished if life.inode[:2] not in attached}
        if not wanted:
            return
        for path in self._directory.others():
            inode = self._directory.inode_of(path)
            if inode in wanted:
                file = self._try_attach(path, now_s)
                if file is None:
                    continue
                life = wanted[inode]
                # Another key: truncated and written again. Without a birth time it may be anybody's file.
                if file.key != life.key and (life.inode.birth_ns is None or life.inode != file.inode):
                    file.close()
                    self.files.remove(file)
                else:
                    file.matched, file.rotated = False, True

    def _continue_in(self, origin: TailedFile, copy: TailedFile) -> None:
        origin.handle, copy.handle = copy.handle, None
        origin.inode, origin.path, origin.size = copy.inode, copy.path, copy.size
        origin.matched, origin.rotated, origin.shrunk = copy.matched, True, False
        origin.registered = False  # where to find it has changed
        self.files.remove(copy)
        self._report("copied", origin.path, f"reading goes on in the copy at {origin.read_offset}")
