"""The log of a process, on which nothing may depend."""

import os
from pathlib import Path

import pytest

from headgate.local.process import _Log


def test_a_log_on_a_full_disk_costs_its_lines_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    kept = os.dup(2)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 2)
    try:
        print("lost", file=_Log(), flush=True)
    finally:
        os.dup2(kept, 2)
        os.close(full)
        os.close(kept)
    print("kept \ud800", file=_Log(), flush=True)
    assert capfd.readouterr().err == "kept \\ud800\n"
    assert Path("/dev/full").is_char_device()
