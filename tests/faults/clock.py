"""A process's clock that jumps, by libfaketime (Debian's package of that name) and a file that says by how much.

Only the time of day jumps: the monotonic clock goes on, as it does on a real machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

LIBRARIES = (
    Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"),
    Path("/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"),
)


def library() -> Path | None:
    """Return where libfaketime is; None where it is not installed."""
    return next((path for path in LIBRARIES if path.exists()), None)


class FaultyClock:
    """The clock of the processes that are started with its `environment`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Let the clock be so many seconds ahead of the true time."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self._file)

    def environment(self) -> Mapping[str, str]:
        """Return what a process is started with; nothing without the library."""
        found = library()
        if found is None:
            return {}
        return {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
