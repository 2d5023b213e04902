"""The one error of the proof."""


class Failed(Exception):
    """A step did not do what the documentation says."""
