"""Whether a SQLite file may have changed, told without asking SQLite: who waits for others' commits looks twenty times
a second, and a query takes a thread and some hundred microseconds each time."""

from __future__ import annotations

from pathlib import Path

from mesh.clock import steady_seconds

SETTLED_SECONDS = 0.05
"""What is written within one tick of the file system's clock (4 to 10 ms) may leave the same time of change."""
LONGEST_SECONDS = 1.0
"""After so long it may have changed in any case, for a file system whose clock is coarser."""


class SqliteChanges:
    """Watches the write-ahead log of a database, which every commit of every process is written to."""

    def __init__(self, path: Path) -> None:
        self._log = path.with_name(f"{path.name}-wal")
        self._mark: tuple[int, int, int] | None = None
        self._changed = 0.0
        self._told = 0.0

    def possible(self) -> bool:
        """Tell whether something may have been committed since the last time this was true; read after asking."""
        now = steady_seconds()
        try:
            found = self._log.stat()
        except OSError:
            mark = None
        else:
            mark = (found.st_ino, found.st_size, found.st_mtime_ns)
        if mark != self._mark:
            self._mark, self._changed = mark, now
        elif mark is not None and self._told > self._changed + SETTLED_SECONDS and now < self._told + LONGEST_SECONDS:
            return False
        self._told = now
        return True
