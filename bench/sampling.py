"""A sampling profiler inside a process: a timer of CPU time interrupts the main thread, which notes its stack.

The event loop is in the main thread. Threads that write to a database are seen by the CPU time they use
(`/proc/self/task`), not by their stacks: a sampler sees another thread only where that one gives the interpreter
lock away. Time in C code (gRPC, Protobuf) is counted for the Python function that called it; what belongs to
none, the loop itself and gRPC's callbacks, stands under the function that runs the loop.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Self

INTERVAL_SECONDS = 0.001


class StackSampler:
    """Samples between entering and leaving; then writes stacks and the CPU time of threads as JSON.

    A stack is its functions, outermost first, joined by `;`.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._stacks: Counter[tuple[str, ...]] = Counter()
        self._names: dict[object, str] = {}

    def __enter__(self) -> Self:
        signal.signal(signal.SIGPROF, self._sample)
        # System calls of the libraries that the signal meets go on.
        signal.siginterrupt(signal.SIGPROF, False)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
        return self

    def __exit__(self, *exception: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        stacks = [(";".join(stack), count) for stack, count in self._stacks.most_common()]
        self._output.write_text(json.dumps({"stacks": stacks, "threads": thread_seconds()}))

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        parts: list[str] = []
        while frame is not None:
            code = frame.f_code
            name = self._names.get(code)
            if name is None:
                name = self._names[code] = f"{_module(code.co_filename)}:{code.co_qualname}"
            parts.append(name)
            frame = frame.f_back
        self._stacks[tuple(reversed(parts))] += 1


def thread_seconds() -> dict[str, float]:
    """Return the CPU seconds of this process's threads, summed by name; Python's own are `main` and `threads`."""
    ticks = os.sysconf("SC_CLK_TCK")
    seconds: dict[str, float] = {}
    for task in Path("/proc/self/task").iterdir():
        head, _, tail = (task / "stat").read_text().rpartition(")")
        name = head.partition("(")[2]
        if int(task.name) == os.getpid():
            name = "main"
        fields = tail.split()
        seconds[name] = seconds.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / ticks
    return dict(sorted(seconds.items(), key=lambda item: -item[1]))


def _module(file: str) -> str:
    for marker in ("/site-packages/", "/python3.11/"):
        _, found, rest = file.rpartition(marker)
        if found:
            return rest
    return "/".join(Path(file).parts[-3:])
