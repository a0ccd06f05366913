"""Children that end when their parent does, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> Callable[[], None]:
    """Return what a child has to run between fork and exec: the kernel then sends it SIGTERM once this process is gone.

    Linux only. The child must be started from the main thread, to which the kernel ties it.
    """
    # Loaded here: between fork and exec as little as possible should happen.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def in_child() -> None:
        if prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl failed")
        if os.getppid() != parent:
            # It was gone before the kernel was asked to watch it.
            os.kill(os.getpid(), signal.SIGTERM)

    return in_child
