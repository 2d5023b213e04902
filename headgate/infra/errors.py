"""The one error of the deploying commands."""


class InfraError(Exception):
    """One sentence for the person who runs the command; exit code 2."""
