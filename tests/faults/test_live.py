"""A small sample of the property through a whole local run; `make faults` plays a thousand schedules."""

from pathlib import Path

from tests.faults.live import play_live


def test_a_local_run_keeps_its_promises_through_faults_and_a_kill(tmp_path: Path) -> None:
    """K01, K02, K03, K07, K08, K10, T02, T04, T09, F01: real HTTP, real processes, and `kill -9`."""
    story, broken = play_live(tmp_path, 3, range(3, 6), lambda _: None, kill_every=2)
    assert not broken, "python -m tests.faults --only-live <chapter> repeats a chapter"
    assert story.kills == 1
    ends = {one.end for one in story.sent}
    assert {"accepted", "refused"} <= ends
    assert {"reset", "lost_answer", "error500"} & set(story.struck)
