"""The errors that end a run early, each one sentence for the person at the keyboard."""


class AbortError(Exception):
    """The run cannot go on; what was acknowledged stays acknowledged. Exit code 1."""


class UsageError(Exception):
    """The command line asks for something that does not fit together. Exit code 2."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class StoppedError(Exception):
    """The run was told to stop while this batch waited; nobody needs to hear of it."""
