"""Log files of the mesh's processes, kept at a bounded size, and what of them people see on the console."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

MAX_BYTES = 16 << 20
KEPT_FILES = 3
_QUIET = (b'"level":"info"', b'"level":"debug"')
_SHOWN_APART = frozenset({"time", "level", "service", "instance", "logger", "message", "stack"})


class LogFile:
    """A log that starts afresh at `max_bytes`; the `kept` files before it are called `.1`, `.2` and so on."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT_FILES) -> None:
        """Raises OSError where the file cannot be written."""
        self._path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()

    def write(self, lines: bytes) -> None:
        """Append whole lines. Raises OSError."""
        if self._size and self._size + len(lines) > self._max_bytes:
            self._file.close()
            _shift(self._path, self._kept)
            self._path.replace(_numbered(self._path, 1))
            self._file = self._path.open("ab", buffering=0)
            self._size = 0
        self._file.write(lines)
        self._size += len(lines)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class InheritedLogFile:
    """A log that another program writes by itself: the gateway's access log, which need not pass through Python.

    The file is open for appending there, so it is copied and cut rather than renamed: what is written between the
    two is lost, a few lines every `max_bytes`.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT_FILES) -> None:
        """Raises OSError where the file cannot be written."""
        self._path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def fileno(self) -> int:
        """Return the descriptor to inherit."""
        return self._descriptor

    def rotate_if_large(self) -> None:
        """Start afresh where the file has grown too large. Blocks while it is copied. Raises OSError."""
        if os.fstat(self._descriptor).st_size < self._max_bytes:
            return
        _shift(self._path, self._kept)
        shutil.copyfile(self._path, _numbered(self._path, 1))
        os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _shift(path: Path, kept: int) -> None:
    for number in range(kept - 1, 0, -1):
        older = _numbered(path, number)
        if older.exists():
            older.replace(_numbered(path, number + 1))


class ProcessLog:
    """The log of one process: everything to its file; warnings and errors, or everything, to the console."""

    def __init__(self, name: str, file: LogFile, *, verbose: bool) -> None:
        self._name = name
        self._file = file
        self._verbose = verbose
        self._rest = b""
        self._lost = False

    def feed(self, data: bytes) -> None:
        """Take what the process wrote, in pieces of any size.

        Where the file cannot be written (a full disk), the console says so once, and the mesh goes on without it.
        """
        lines, separator, self._rest = (self._rest + data).rpartition(b"\n")
        if not separator:
            return
        self._store(lines + b"\n")
        for line in lines.split(b"\n"):
            if self._verbose or not any(mark in line for mark in _QUIET):
                show(self._name, line)

    def _store(self, lines: bytes) -> None:
        try:
            self._file.write(lines)
            self._lost = False
        except OSError as error:
            if not self._lost:
                sys.stderr.write(f"The log of {self._name} cannot be written: {error.strerror}.\n")
            self._lost = True

    def line(self, level: str, message: str, **fields: object) -> None:
        """Write a line of the supervisor's own about the process."""
        if self._rest:
            # The process was cut off within a line.
            self.feed(b"\n")
        moment = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"
        content = {"time": stamp, "level": level, "service": self._name, "message": message, **fields}
        self.feed(json.dumps(content, separators=(",", ":"), ensure_ascii=False, default=str).encode() + b"\n")

    def close(self) -> None:
        """Write what is left, as a line of its own."""
        if self._rest:
            self.feed(b"\n")
        self._file.close()


def show(name: str, line: bytes) -> None:
    """Write a log line to standard error as people read it: time, process, level, message, fields."""
    text = line.decode("utf-8", "replace")
    try:
        content = json.loads(text)
        stamp = time.strftime("%H:%M:%S", time.localtime()) if "time" not in content else content["time"][11:19]
        fields = " ".join(f"{key}={value}" for key, value in content.items() if key not in _SHOWN_APART)
        text = f"{stamp} {name:8} {content['level'].upper():7} {content['message']}" + (f"  {fields}" if fields else "")
        text += "\n" + content["stack"] if content.get("stack") else ""
    except (ValueError, KeyError, TypeError, AttributeError):
        text = f"{name:8} {text}"
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
