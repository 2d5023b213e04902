"""The one error of a wrong settings file."""


class SettingsError(Exception):
    """Every mistake of the file in one message, one line each; exit code 2 for a command."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(
            f"{source}: {problems[0]}" if len(problems) == 1 else f"{source} has mistakes:{lines}"
        )
