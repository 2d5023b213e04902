"""Hypothesis: the same examples in every run, and no deadline, since time is not what properties are about.

`--hypothesis-profile=explore` looks further, with new examples each time, and prints what repeats a failure.
"""

import signal

from hypothesis import settings

# What a shell starts in the background ignores Ctrl-C, children included; tests send it to theirs.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True, database=None)
settings.register_profile("explore", deadline=None, print_blob=True, database=None, max_examples=2000)
settings.load_profile("repeatable")
