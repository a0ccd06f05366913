"""A process's clock that jumps: a file that says by how much, which Python is made to read as it starts.

Only the time of day jumps: the monotonic clock goes on, as it does on a real machine. libfaketime would do it for any
program, but makes each wait for the interpreter lock so slow that an engine takes twenty seconds to start.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Mapping
from pathlib import Path

SHIM = Path(__file__).parent / "clock_shim"
_NANOS = struct.Struct("q")


class FaultyClock:
    """The clock of the processes that are started with its `environment`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.write_bytes(_NANOS.pack(0))

    def set(self, seconds: int) -> None:
        """Let the clock be so many seconds ahead of the true time, from now on."""
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), _NANOS.size) as shared:
            _NANOS.pack_into(shared, 0, seconds * 1_000_000_000)

    def environment(self, python_path: str) -> Mapping[str, str]:
        """Return what a process is started with, whose modules are found by `python_path`."""
        return {"FAULTY_CLOCK_FILE": str(self._file), "PYTHONPATH": os.pathsep.join([str(SHIM), python_path])}
