"""A sampling profiler inside a process: a thread looks at all stacks some hundred times a second.

A sampler in the same process sees a thread where it may be interrupted, so time inside C code (gRPC, SQLite,
Protobuf) is counted for the Python line that called it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Self

INTERVAL_SECONDS = 0.002
IDLE = frozenset({"_worker", "wait", "select", "_wait_for_tstate_lock"})
"""Innermost functions of threads that wait for work."""


class StackSampler:
    """Samples between entering and leaving; then writes `stack count` lines, outermost function first."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._stacks: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()
        self._output.write_text("".join(f"{stack} {count}\n" for stack, count in self._stacks.most_common()))

    def _run(self) -> None:
        own = threading.get_ident()
        names: dict[int, str] = {}
        while not self._stop.is_set():
            if len(names) != threading.active_count():
                names = {thread.ident: thread.name for thread in threading.enumerate() if thread.ident}
            for ident, frame in sys._current_frames().items():
                if ident != own and frame.f_code.co_name not in IDLE:
                    self._stacks[f"{names.get(ident, 'thread')};{_path(frame)}"] += 1
            time.sleep(INTERVAL_SECONDS)


def _path(frame: FrameType | None) -> str:
    parts: list[str] = []
    while frame is not None:
        code = frame.f_code
        parts.append(f"{_module(code.co_filename)}:{code.co_name}")
        frame = frame.f_back
    return ";".join(reversed(parts))


def _module(file: str) -> str:
    path = file.rpartition("/site-packages/")[2] if "/site-packages/" in file else file
    parts = Path(path).parts
    return "/".join(parts[-3:] if parts[0] == "/" else parts)
