"""Why a process could not start, in one sentence for the person who started it."""

from __future__ import annotations


class StartupError(Exception):
    """Something outside the program keeps it from starting: a port in use, a setting that is wrong.

    The message is one sentence that names what is wrong and how to mend it. It is shown without a stack.
    """
