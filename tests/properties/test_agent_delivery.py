"""A03-A06, A10, A11: files are written and rotated, the agent is killed, at random, against a model.

Invariant: whatever happens, every line that the file system did not take away arrives; nothing else arrives;
a copy has the id and the bytes of the first; and a line has one id.
"""

import gzip
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headgate.agent.state import decode
from headgate.agent.tail.identity import Inode
from tests.agent_rig import Rig, flow_of

QUIET_S = 60.0


class Following(RuleBasedStateMachine):
    """The model knows which lines were written and which of them may be gone."""

    @initialize(
        pack=st.sampled_from([0, 30, 1000]),
        covering=st.booleans(),
        room=st.sampled_from([300 * 1024, 8 * 1024 * 1024]),
    )
    def begin(self, pack: int, covering: bool, room: int) -> None:  # noqa: FBT001 - one call, by position
        self.folder = Path(tempfile.mkdtemp(prefix="agent-"))
        self.live = self.folder / "app.log"
        flow = flow_of(
            filePattern=f"{self.folder}/app.log" + ("*" if covering else ""),
            initialPosition="START_OF_FILE",
            packBytes=pack,
            rotatedQuietMillis=int(QUIET_S * 1000),
        )
        self.rig = Rig(flow, room_bytes=room).start()
        self.rig.look()
        self.covering = covering
        self.running = True
        self.number = self.generation = 0
        self.written: set[bytes] = set()
        self.may_be_gone: set[bytes] = set()
        self.copied: set[bytes] = set()
        self.may_have_two_ids: set[bytes] = set()
        self.in_live: list[bytes] = []
        self.fragile: set[bytes] = set()  # only an open handle leads to them
        self.partial = b""

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        if not self.running:
            self.rig.start()
        for _ in range(3):
            self.rig.settle(seconds=QUIET_S + 10)
        arrived = self.rig.lines()
        missing = self.written - set(arrived) - self.may_be_gone
        if self.partial:
            # Still growing, so it waits.
            missing.discard(self.partial + b"\n")
        self.rig.kill()
        shutil.rmtree(self.folder)
        assert not missing, sorted(missing)
        assert set(arrived) <= self.written | self.may_be_gone
        self.rig.check_ids()
        ids: dict[bytes, set[str]] = {}
        for event_id, line in self.rig.sent:
            if line not in self.may_have_two_ids:
                ids.setdefault(line, set()).add(event_id)
        assert all(len(found) == 1 for found in ids.values()), {k: v for k, v in ids.items() if len(v) > 1}

    @rule(lines=st.integers(1, 6), width=st.sampled_from([1, 8, 400]))
    def write(self, lines: int, width: int) -> None:
        with self.live.open("ab") as file:
            for _ in range(lines):
                if self.partial:
                    self.written.discard(self.partial + b"\n")
                line = (self.partial or self._line()) + b"x" * width + b"\n"
                file.write(line[len(self.partial) :])
                self.partial = b""
                self.written.add(line)
                self.in_live.append(line)

    @rule()
    def write_half_a_line(self) -> None:
        if self.partial:
            return
        self.partial = self._line()
        self.written.add(self.partial + b"\n")
        with self.live.open("ab") as file:
            file.write(self.partial)

    @precondition(lambda self: self.live.exists())
    @rule(times=st.integers(1, 2), named_alike=st.booleans())
    def rename_and_create(self, times: int, named_alike: bool) -> None:  # noqa: FBT001 - one call, by position
        for _ in range(times):
            self._notice_if_running()
            if not (self.running or self._known() or (self.covering and named_alike)):
                self._lose_unread()  # it was never written down, and now no pattern leads to it
            elif self.running and not (self.covering and named_alike):
                # A file is written down with its first complete line.
                self.fragile |= (
                    {self.partial + b"\n"} if self._known() else {*self.in_live, self.partial + b"\n"}
                )
            if not self._known() or not self.in_live:
                # Nobody can tell that this file was renamed: its last line may still be finished.
                self.may_be_gone.add(self.partial + b"\n")
            self.live.rename(self._rotated(named_alike))
            self._new_life()
            self.live.touch()

    @precondition(lambda self: self.live.exists())
    @rule(notice=st.booleans())
    def copy_and_truncate(self, notice: bool) -> None:  # noqa: FBT001 - one call, by position
        if not self.covering:
            self._lose_unread()
        self._notice_if_running()
        if self.running:
            self.rig.pipeline.read_files(self.rig.now_s)
        # In a copy that matches, an unterminated line may still be waiting for its end.
        self.may_be_gone.add(self.partial + b"\n")
        # When the original goes too before the agent has written the copy down, nothing says that it is one.
        (self.copied if self.running else self.may_have_two_ids).update(self.in_live, [self.partial + b"\n"])
        shutil.copyfile(self.live, self._rotated(named_alike=True))
        if notice:
            self._notice_if_running()
        with self.live.open("r+b") as file:
            file.truncate(0)
        self._notice_if_running()
        self._new_life()

    @precondition(lambda self: self.live.exists())
    @rule(again=st.booleans())
    def delete_and_create(self, again: bool) -> None:  # noqa: FBT001 - one call, by position
        self._notice_if_running()
        if self.running:
            self.fragile |= {*self.in_live, self.partial + b"\n"}
        else:
            self._lose_unread()
        self.live.unlink()
        self._new_life()
        if again:
            self.live.touch()

    @precondition(lambda self: self.live.exists())
    @rule()
    def rename_and_compress(self) -> None:
        self._notice_if_running()
        if self.running:
            self.fragile |= {*self.in_live, self.partial + b"\n"}
        else:
            self._lose_unread()
        target = self._rotated(named_alike=True)
        Path(f"{target}.gz").write_bytes(gzip.compress(self.live.read_bytes()))
        self.live.unlink()
        self._new_life()

    @precondition(lambda self: self.running)
    @rule(flush=st.booleans())
    def read(self, flush: bool) -> None:  # noqa: FBT001 - one call, by position
        self.rig.look()
        self.rig.read(flush=flush)

    @precondition(lambda self: self.running)
    @rule()
    def read_and_write_checkpoints_before_sending(self) -> None:
        self.rig.look()
        self.rig.pipeline.read_files(self.rig.now_s)
        self.rig.delivery.touch()
        self.rig.now_s += 1
        self.rig.delivery.housekeep(self.rig.now_s)

    @precondition(lambda self: self.running and self.rig.flying)
    @rule(index=st.integers(0, 50))
    def acknowledge_in_any_order(self, index: int) -> None:
        self.rig.acknowledge(index)

    @precondition(lambda self: self.running)
    @rule(seconds=st.sampled_from([0.1, 1.0, 7.0]))
    def time_passes(self, seconds: float) -> None:
        self.rig.now_s += seconds
        self.rig.delivery.housekeep(self.rig.now_s)

    @precondition(lambda self: self.running)
    @rule()
    def kill(self) -> None:
        self.rig.kill()
        self.running = False
        self.may_have_two_ids |= self.copied
        self.may_be_gone |= self.fragile - set(self.rig.lines())
        self.fragile.clear()

    @precondition(lambda self: not self.running)
    @rule()
    def start_again(self) -> None:
        self.rig.start()
        self.rig.look()
        self.running = True

    @invariant()
    def the_checkpoint_never_passes_an_unacknowledged_byte(self) -> None:
        if not hasattr(self, "rig") or not self.running:
            return
        for _, batch in self.rig.flying:
            for key, (start, _end) in batch.spans.items():
                assert batch.files[key].progress.offset <= start

    def _line(self) -> bytes:
        self.number += 1
        return b"%d:" % self.number

    def _rotated(self, named_alike: bool) -> Path:  # noqa: FBT001 - one call, by position
        self.generation += 1
        return self.folder / (f"app.log.{self.generation}" if named_alike else f"old-{self.generation}")

    def _notice_if_running(self) -> None:
        if self.running:
            self.rig.look()

    def _known(self) -> bool:
        """Whether a written checkpoint leads to the live file."""
        stored = (decode(self.rig.stored) or {}).get(self.rig.flow.id, [])
        handle = self.rig.disk.open(str(self.live))
        seen = self.rig.disk.look_at(handle)
        inode = Inode(seen.device, seen.number, self.rig.disk.birth_ns(handle))
        self.rig.disk.close(handle)
        return any(found.inode == inode for found in stored)

    def _lose_unread(self) -> None:
        sent = set(self.rig.lines())
        self.may_be_gone |= {line for line in [*self.in_live, self.partial + b"\n"] if line not in sent}

    def _new_life(self) -> None:
        self.in_live = []
        self.partial = b""


TestFollowing = Following.TestCase
TestFollowing.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
