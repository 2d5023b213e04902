"""A02, A13: the checkpoints survive a crash after any system call, and one process owns them."""

from pathlib import Path

import pytest

from headgate.agent.state import FILE_NAME, PREVIOUS_NAME, RealSyscalls, State, StateError
from headgate.agent.tail.checkpoint import Checkpoint
from headgate.agent.tail.identity import Inode, Mark


def checkpoints(offset: int) -> dict[str, list[Checkpoint]]:
    mark = Mark.of(b"x" * min(offset, 64))
    return {
        "flow": [Checkpoint("k", Inode(1, 2, 3), 0, "/a", offset, mark, mark, offset, planned=(offset + 9,))]
    }


class Crash(Exception):
    """The process is gone."""


class Crashing(RealSyscalls):
    """Stops before call number `after`; with `torn`, a write gets half of its bytes."""

    def __init__(self, after: int, *, torn: bool) -> None:
        self.left, self.torn = after, torn

    def _step(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1

    def write_synced(self, path: Path, data: bytes) -> None:
        if self.left == 0 and self.torn:
            path.write_bytes(data[: len(data) // 2])
        self._step()
        super().write_synced(path, data)

    def replace(self, source: Path, target: Path) -> None:
        self._step()
        super().replace(source, target)

    def sync_directory(self, path: Path) -> None:
        self._step()
        super().sync_directory(path)


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("after", range(4))
def test_a02_a_crash_at_any_point_of_a_save_leaves_the_old_or_the_new(
    tmp_path: Path,
    after: int,
    torn: bool,  # noqa: FBT001 - one call, by position
) -> None:
    State(tmp_path).save(checkpoints(10))
    State(tmp_path).save(checkpoints(20))
    with pytest.raises(Crash):
        State(tmp_path, Crashing(after, torn=torn)).save(checkpoints(30))
    assert State(tmp_path).load() in (checkpoints(20), checkpoints(30))
    State(tmp_path).save(checkpoints(40))
    assert State(tmp_path).load() == checkpoints(40)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format":"other"}\n{}\n'])
def test_a02_a_damaged_file_falls_back_to_the_previous_one(tmp_path: Path, damage: bytes) -> None:
    State(tmp_path).save(checkpoints(10))
    State(tmp_path).save(checkpoints(20))
    (tmp_path / FILE_NAME).write_bytes(damage)
    assert State(tmp_path).load() == checkpoints(10)


def test_a02_every_shorter_file_is_recognised_as_torn(tmp_path: Path) -> None:
    State(tmp_path).save(checkpoints(10))
    whole = (tmp_path / FILE_NAME).read_bytes()
    for length in range(len(whole) - 1):
        (tmp_path / FILE_NAME).write_bytes(whole[:length])
        with pytest.raises(StateError):
            State(tmp_path).load()


def test_two_damaged_files_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    for name in (FILE_NAME, PREVIOUS_NAME):
        (tmp_path / name).write_bytes(b"?")
    with pytest.raises(StateError, match="Move them away"):
        State(tmp_path).load()


def test_a13_a_second_owner_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first, second = State(tmp_path), State(tmp_path)
    first.lock()
    with pytest.raises(StateError, match="another agent"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be used"):
        State(tmp_path / "file" / "state").lock()
