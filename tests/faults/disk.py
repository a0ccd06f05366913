"""A small disk that can be filled: a file system in memory of a fixed size. It takes an administrator to mount it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SIZE_MEBIBYTES = 512
_FILLER = "filler"
_CHUNK = 1 << 20


class SmallDisk:
    """The disk at a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def mounted(self) -> bool:
        """Whether it is there."""
        return self._folder.is_mount()

    @contextlib.contextmanager
    def mounted_for_block(self) -> Iterator[None]:
        """Put the disk at the folder for the length of a block; leave an ordinary folder where that may not be done."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MEBIBYTES}m", "flowmesh-faults", str(self._folder)]
        may = os.geteuid() == 0 and shutil.which("mount") is not None
        mounted = may and subprocess.run(command, capture_output=True, check=False).returncode == 0
        try:
            yield
        finally:
            if mounted:
                subprocess.run(["umount", str(self._folder)], capture_output=True, check=True)

    def fill(self) -> None:
        """Leave no room on it."""
        zeros = bytes(_CHUNK)
        descriptor = os.open(self._folder / _FILLER, os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(descriptor, zeros)
        except OSError:
            # It is full.
            return
        finally:
            os.close(descriptor)

    def free(self) -> None:
        """Make room again."""
        (self._folder / _FILLER).unlink()
