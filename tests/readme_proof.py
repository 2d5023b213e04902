"""`python -m tests.readme_proof`: does what README.md says, in a fresh clone, in terminals of 80 columns.

Two terminals, as a person has them: `make run` holds the first one, every other command of a console block
is typed into the second one. Ids, times and addresses differ from run to run; every other character must be
as the README has it. What takes seconds to come is looked for again. `--show` prints what came.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pexpect  # type: ignore[import-untyped]  # it ships none

ROOT = Path(__file__).resolve().parent.parent
PROMPT = "<ready>"
UP, STOPPED = "Ctrl-C stops", "Everything that was accepted is in S3"
INSTALL_S, STEP_S, LOOK_AGAIN_S = 300, 60, 30
FIRST_LINE_S = 120  # from the clone to the first curated line, with packages that pip has already
VARYING = [
    (r"^.*\x1b\[K", ""),  # a progress line that was wiped out
    (r"\x1b\[[0-9;?]*[A-Za-z]", ""),  # colours
    (r'"event_id":"[^"]+"', "<event id>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00)?", "<time>"),
    (r"\d-[0-9a-f]{8}-[0-9a-f]{24}|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>"),
    (r"\b\d{20,}\b", "<number>"),
    (r"127\.0\.0\.1:\d+", "<address>"),
    (r"dt=\d{4}-\d\d-\d\d", "dt=<day>"),
]


class Step(NamedTuple):
    """A command as it is typed, with its further lines, and the lines that shall come."""

    typed: str
    output: list[str]


def blocks_of(text: str) -> list[str]:
    """Return the contents of the console blocks of a page."""
    return re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def steps_of(block: str) -> list[Step]:
    """Take a block apart; lines with the shell's `>` go on with a command."""
    steps: list[Step] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:], []))
        elif line.startswith(">") and not steps[-1].output:
            steps[-1] = Step(f"{steps[-1].typed}\n{line.removeprefix('>').removeprefix(' ')}", [])
        else:
            steps[-1].output.append(line)
    return steps


def plain(lines: list[str]) -> list[str]:
    """Return the lines that are not empty, with what differs from run to run replaced."""
    found = []
    for line in lines:
        text = line.rstrip()
        for pattern, name in VARYING:
            text = re.sub(pattern, name, text)
        if text:
            found.append(text)
    return found


def agrees(wanted: list[str], got: list[str], *, loosely: bool) -> bool:
    """Return whether the output is the README's; loosely: it has these lines, in this order, among others."""
    if not loosely:
        return plain(wanted) == plain(got)
    rest = iter(plain(got))
    return all(line in rest for line in plain(wanted))


class Terminal:
    """A shell in a terminal of 80 columns, with nothing of this machine's set-up but the path."""

    def __init__(self, folder: Path) -> None:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VIRTUAL_ENV"))
        }
        self.shell = pexpect.spawn(
            "bash",
            ["--norc", "--noediting"],
            cwd=str(folder),
            env={**kept, "PS1": PROMPT, "PS2": "", "TERM": "xterm", "VIRTUAL_ENV_DISABLE_PROMPT": "1"},
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=STEP_S,
            echo=False,
        )
        self.shell.expect_exact(PROMPT)

    def type(self, text: str, until: str = PROMPT, wait_s: float = STEP_S) -> list[str]:
        """Type a command and return what was printed until `until` came."""
        self.shell.sendline(text)
        self.shell.expect_exact(until, timeout=wait_s)
        return str(self.shell.before).replace("\r", "").splitlines()

    def interrupt(self) -> None:
        """Press Ctrl-C in `make run` and wait for its end."""
        self.shell.sendintr()
        self.shell.expect_exact(STOPPED)
        self.shell.expect_exact(PROMPT)


class Proof:
    """The two terminals, and what did not agree."""

    def __init__(self, folder: Path, *, show: bool) -> None:
        self.runs, self.types = Terminal(folder), Terminal(folder)
        self._is_up, self._show = False, show
        self.wrong: list[str] = []
        self.first_curated_at: float | None = None

    def do(self, step: Step) -> None:
        """Type one command and compare what it prints."""
        if step.typed.startswith("make run"):
            self.stop()
            got = self.runs.type(step.typed, UP, INSTALL_S)
            self._is_up = True
            wanted = [line for line in step.output if UP not in line]
            return self._judge(step, wanted, got, agrees(wanted, got, loosely=True))
        deadline = time.monotonic() + LOOK_AGAIN_S
        got = self.types.type(step.typed)
        while (
            not agrees(step.output, got, loosely=False) and time.monotonic() < deadline and _only_looks(step)
        ):
            time.sleep(0.5)
            got = self.types.type(step.typed)
        if self.first_curated_at is None and "/curated/" in step.typed:
            self.first_curated_at = time.monotonic()
        return self._judge(step, step.output, got, agrees(step.output, got, loosely=False))

    def stop(self) -> None:
        """End the local run if it is up."""
        if self._is_up:
            self.runs.interrupt()
            self._is_up = False

    def _judge(self, step: Step, wanted: list[str], got: list[str], is_right: bool) -> None:  # noqa: FBT001
        print(f"{'ok   ' if is_right else 'WRONG'} $ {step.typed.splitlines()[0]}", flush=True)
        if self._show or not is_right:
            print("\n".join(got))
        if not is_right:
            self.wrong.append("\n".join([f"$ {step.typed}", "README:", *plain(wanted), "came:", *plain(got)]))


def _only_looks(step: Step) -> bool:
    """Return whether a command can be repeated, because it changes nothing."""
    return step.typed.startswith(
        ("zcat ", "headgate query", "headgate read", "headgate status", "headgate trace")
    )


def main() -> int:
    """Exit code 0 when everything came as the README says, and in time."""
    parser = argparse.ArgumentParser(description="Do what README.md says, and compare.")
    parser.add_argument("--show", action="store_true", help="print what every command printed")
    show: bool = parser.parse_args().show
    with tempfile.TemporaryDirectory(prefix="headgate-readme-") as temporary:
        began = time.monotonic()
        folder = Path(temporary) / "headgate"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        proof = Proof(folder, show=show)
        try:
            for block in blocks_of((folder / "README.md").read_text("utf-8")):
                for step in steps_of(block):
                    proof.do(step)
        finally:
            proof.stop()
        if proof.first_curated_at is None:
            proof.wrong.append("no command looked into curated/")
        elif (took := proof.first_curated_at - began) > FIRST_LINE_S:
            proof.wrong.append(f"the first curated line came after {took:.0f} s, not {FIRST_LINE_S}")
        else:
            print(f"From the clone to the first curated line: {took:.0f} s")
    print("\n\n".join(proof.wrong) or "README.md says what happens.")
    return 1 if proof.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
