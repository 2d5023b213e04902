"""One followed file under any order of writes, truncations, reads, acknowledgements and restarts.

Invariants: stages only go forward; a read returns bytes that stand in the file at the offset; the checkpoint
never passes an unacknowledged byte; only tail/file.py writes the attributes of a followed file.
"""

import ast
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headgate.agent.tail.disk import RealDisk
from headgate.agent.tail.file import Stage, TailedFile, Truncated
from headgate.agent.tail.identity import Inode

_ROOM = Path(__file__).parent.parent.parent / "headgate" / "agent"


def test_only_its_own_module_writes_the_attributes_of_a_followed_file() -> None:
    own = vars(TailedFile(RealDisk(), -1, "/x", Inode(1, 2))).keys()
    written: list[str] = []
    for path in _ROOM.rglob("*.py"):
        if path.name == "file.py" and path.parent.name == "tail":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            targets: list[Any] = []
            if isinstance(node, ast.Assign):
                targets = [t for target in node.targets for t in getattr(target, "elts", [target])]
            elif isinstance(node, ast.AugAssign | ast.AnnAssign):
                targets = [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr in own:
                    holder = ast.unparse(target.value)
                    if holder not in {"self", "unit"}:
                        written.append(f"{path.name}:{target.lineno} {holder}.{target.attr}")
    assert written == []


class OneFile(RuleBasedStateMachine):
    """The real file system, one file, one follower of it."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "app.log"
        self.path.write_bytes(b"")
        self.disk, self.number, self.now_s = RealDisk(), 0, 0.0
        self.flying: list[tuple[int, int]] = []
        self._attach()
        self.stage = self.file.stage

    def teardown(self) -> None:
        if hasattr(self, "file"):
            self.file.close()
            self.folder.cleanup()

    @rule(lines=st.integers(1, 5))
    def write(self, lines: int) -> None:
        with self.path.open("ab") as file:
            for _ in range(lines):
                self.number += 1
                file.write(b"line %d\n" % self.number)

    @rule(size=st.integers(0, 40), again=st.booleans())
    def truncate(self, size: int, again: bool) -> None:  # noqa: FBT001 - one call, by name
        with self.path.open("r+b") as file:
            file.truncate(min(size, self.path.stat().st_size))
        if again:
            self.write(3)

    @precondition(lambda self: self.file.handle is not None)
    @rule()
    def look(self) -> None:
        self.now_s += 1
        self.file.look(self.now_s)
        assert self.file.size == self.path.stat().st_size

    @precondition(lambda self: self.file.handle is not None)
    @rule(count=st.integers(1, 60))
    def read(self, count: int) -> None:
        self.file.decide()
        try:
            if self.file.touched:
                self.file.verify()
            data = self.file.read(count)
        except Truncated:
            self._follow(self.file.truncate(self.now_s))
            return
        assert data == self.path.read_bytes()[self.file.read_offset :][:count]
        if data:
            start, end = self.file.consume(data)
            self.file.hand_over(start, end)
            self.flying.append((start, end))
        self.file.name("k", self.file.generation)

    @precondition(lambda self: self.flying)
    @rule(index=st.integers(0, 9))
    def acknowledge(self, index: int) -> None:
        start, _ = self.flying.pop(index % len(self.flying))
        self.file.acknowledge(start)

    @precondition(lambda self: self.file.handle is not None)
    @rule(gone=st.booleans())
    def rename(self, gone: bool) -> None:  # noqa: FBT001 - one call, by name
        if gone:
            self.file.rotate()
        else:
            self.file.reappear([str(self.path) + ".1"])
        assert self.file.rotated

    @precondition(lambda self: self.file.handle is not None and self.file.key and not self.flying)
    @rule()
    def restart(self) -> None:
        stored = self.file.checkpoint(self.now_s)
        self.file.close()
        self._attach()
        begin = self.file.beginning(), self.file.before(stored.offset)
        if stored.describes(self.file.inode, self.file.size, *begin):
            self.file.resume(stored)
            assert self.file.read_offset == stored.offset
            assert self.file.decided

    @precondition(lambda self: self.file.rotated and self.file.delivered and self.file.handle is not None)
    @rule()
    def finish(self) -> None:
        self.file.finish()
        assert self.file.finished
        assert self.file.handle is None
        if self.file.key:
            assert self.file.last_checkpoint is not None
            assert self.file.last_checkpoint.offset == self.file.read_offset
        self._attach()

    @invariant()
    def stages_go_forward(self) -> None:
        if hasattr(self, "file"):
            assert self.file.stage.value >= self.stage.value
            self.stage = self.file.stage
            assert self.file.stage is not Stage.FINISHED or self.file.handle is None

    @invariant()
    def the_checkpoint_never_passes_an_unacknowledged_byte(self) -> None:
        if hasattr(self, "file"):
            assert all(self.file.progress.offset <= start for start, _ in self.flying)

    def _attach(self) -> None:
        handle = self.disk.open(str(self.path))
        seen = self.disk.look_at(handle)
        inode = Inode(seen.device, seen.number, self.disk.birth_ns(handle))
        file = TailedFile(self.disk, handle, str(self.path), inode, now_s=self.now_s)
        file.begin(seen)
        self._follow(file)

    def _follow(self, file: TailedFile) -> None:
        self.file, self.stage = file, Stage.CANDIDATE
        self.flying.clear()


TestOneFile = OneFile.TestCase
TestOneFile.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
