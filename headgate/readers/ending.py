"""How every reading command ends: its exit code, and one sentence instead of a stack trace.

0 done · 1 the command's own finding (nothing found, not balanced, not finished) · 2 what was typed or named
makes no sense · 130 Ctrl-C · 141 the reader of the pipe has gone.
"""

import argparse
import os
import sys
from collections.abc import Callable

from headgate.readers.errors import ReaderError, StoppedError

FOUND_NOTHING = 1
USAGE = 2
INTERRUPTED = 130
PIPE_CLOSED = 141

_CODES = """exit codes: 0 done, {one}2 a mistake in what was typed or named,
130 interrupted, 141 the reader of the pipe has gone"""


def ended(command: str, work: Callable[[], int]) -> int:
    """The exit code of `work`; what it raises is one sentence on standard error."""
    try:
        code = work()
        sys.stdout.flush()
    except ReaderError as error:
        return _said(command, str(error), USAGE)
    except StoppedError as error:
        return _said(command, str(error), FOUND_NOTHING)
    except BrokenPipeError:
        # What is still buffered has nowhere to go; Python would complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        return _said(command, f"{error.filename or 'a file'}: {error.strerror}", USAGE)
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def describe(parser: argparse.ArgumentParser, examples: str, one: str = "") -> None:
    """Give a command's help its examples and exit codes; `one` says what 1 means."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    noun = "examples" if "\n" in examples.strip() else "example"
    listed = "".join(f"  headgate {line}\n" for line in examples.strip().splitlines())
    parser.epilog = f"{noun}:\n{listed}\n{_CODES.format(one=f'1 {one}, ' if one else '')}"


def _said(command: str, text: str, code: int) -> int:
    print(f"headgate {command}: {text}", file=sys.stderr)
    return code
