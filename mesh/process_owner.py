"""Names for processes that hold something, by which others on the machine can tell that the holder is dead."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path
from uuid import uuid4


def new_owner() -> str:
    """Return a unique name that says which process made it."""
    return f"{_place()}/{os.getpid()}/{uuid4().hex}"


def is_surely_dead(owner: str) -> bool:
    """Tell whether the process that made the name runs no longer.

    False where it may live: on another machine, in another container, or because another process got its number.
    Such a holder is given up only when its time is over.
    """
    place, _, rest = owner.rpartition("/")[0].rpartition("/")
    if place != _place() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@lru_cache(maxsize=1)
def _place() -> str:
    """Name the set of processes whose numbers can be compared with ours."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        namespace, boot = "-", "-"
    return f"{socket.gethostname()}:{namespace}:{boot}"
