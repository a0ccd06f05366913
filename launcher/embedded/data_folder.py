"""The folder of a mesh: its databases, logs and what belongs to the run, held by one mesh at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from mesh.startup import StartupError

FORMER_MESH_SECONDS = 30.0
"""How long the children of a mesh whose supervisor was killed get to end."""
_POLL_SECONDS = 0.05


class DataFolder:
    """A data folder that this process holds. `close` lets go of it.

    The lock is an open file that the children inherit, so it is free only when the last of them has ended.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock
        """File descriptor for the children to inherit."""
        self.run = path / "run"
        self.logs = path / "logs"
        self.state = self.run / "mesh.json"
        """Addresses and process ids of the mesh while it runs."""

    @classmethod
    def open(cls, path: Path, on_wait: Callable[[], None]) -> DataFolder:
        """Make the folder where it is missing, and take it.

        Where a mesh was killed and its children are still ending, `on_wait` is called and they are waited for. Raises
        StartupError where the folder cannot be written or another mesh has it.
        """
        path = path.expanduser().absolute()
        try:
            for folder in (path, path / "run", path / "logs"):
                folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(path / "run" / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            _take(path, lock, on_wait)
            # A folder may be writable where what is in it is not.
            for folder in (path, path / "logs"):
                probe = folder / ".writable"
                probe.touch()
                probe.unlink()
        except OSError as error:
            os.close(lock)
            raise _unusable(path, error) from None
        except BaseException:
            os.close(lock)
            raise
        return cls(path, lock)

    def close(self) -> None:
        """Let go of the folder."""
        self.state.unlink(missing_ok=True)
        os.close(self.lock)


def _take(path: Path, lock: int, on_wait: Callable[[], None]) -> None:
    deadline = time.monotonic() + FORMER_MESH_SECONDS
    waiting = False
    while not _locked(lock):
        holder = _holder(lock)
        if holder and _is_alive(holder):
            raise StartupError(
                f"Another mesh (process {holder}) is using the data folder {path}: stop it, or choose another folder "
                "by --data."
            )
        if time.monotonic() > deadline:
            raise StartupError(
                f"Processes of a former mesh still use the data folder {path}: end them, or choose another folder by "
                "--data."
            )
        if not waiting:
            waiting = True
            on_wait()
        time.sleep(_POLL_SECONDS)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: int) -> int:
    text = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else 0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _unusable(path: Path, error: OSError) -> StartupError:
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StartupError(f"The data folder {path} cannot be written by this user: choose another by --data.")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return StartupError(f"The data folder {path} is not a folder: choose another by --data.")
    return StartupError(f"The data folder {path} cannot be used ({error.strerror}): choose another by --data.")
