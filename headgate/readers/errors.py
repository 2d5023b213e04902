"""How a reading command ends before its time."""


class ReaderError(Exception):
    """One sentence for the person who runs the command; exit code 2: what was asked for makes no sense."""


class DamagedLineError(ReaderError, ValueError):
    """A line of curated/ or quarantine/ that the transform did not write."""


class StoppedError(Exception):
    """One sentence: the work stopped half way, and the same command goes on with it; exit code 1."""


class NoShardError(ReaderError):
    """The stream has no such shard, or no longer."""
